const express = require('express');
const { signedIn } = require('./postern');

const app = express();

app.get('/me', signedIn, (req, res) => {
  const { sub, username, email, roles } = req.user;
  res.json({ sub, username, email, roles });
});

const server = app.listen(process.env.PORT ?? 8080, '127.0.0.1', (error) => {
  if (error) throw error;
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
