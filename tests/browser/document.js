// The site of an app that says of itself what it is: every path holds the document, as if that were there.

const { readFileSync } = require('node:fs');
const { createServer } = require('node:https');

const [key, cert] = process.argv.slice(2).map((path) => readFileSync(path));
const site = createServer({ key, cert }, (request, response) => {
  const origin = `https://127.0.0.1:${site.address().port}`;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({
    client_id: origin + request.url,
    client_name: 'Harvest Quill',
    redirect_uris: ['https://quill.harvest.example/callback'],
    token_endpoint_auth_method: 'none',
    policy_uri: `${origin}/privacy`,
  }));
});
site.listen(0, '127.0.0.1', () => console.log(`listening on https://127.0.0.1:${site.address().port}`));
