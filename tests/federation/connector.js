// A connector as POSTERN_CONNECTORS_FILE has it. `connector.js ID ISSUER [KEY=TEXT]...` prints one for the provider of
// provider.js.

const { clientOf } = require('./provider');

// The table of one whose keys are those of `about`.
const toml = (about) =>
  ['[[connector]]', ...Object.entries(about).map(([key, it]) => `${key} = ${JSON.stringify(it)}`), ''].join('\n');

module.exports = { toml };

if (require.main === module) {
  const [id, issuer, ...more] = process.argv.slice(2);
  console.log(toml({ id, kind: 'openid', issuer, ...clientOf(id), ...Object.fromEntries(more.map((it) => it.split('='))) }));
}
