// Ordinary work through ioredis: connect, types, pipeline, transaction, script,
// blocking pop, pub/sub, scan. Ends with an error on the first wrong answer.
const assert = require('node:assert');
const Redis = require('ioredis');

async function main(port) {
  const r = new Redis(port), sub = new Redis(port), blocked = new Redis(port);
  await r.flushall();
  assert.equal(await r.set('k', 'v', 'PX', 60000), 'OK');
  assert.ok((await r.pttl('k')) > 0);
  assert.deepEqual(await r.hgetall('nothing'), {});
  await r.hset('h', { a: 1, b: 2 });
  assert.deepEqual(await r.hgetall('h'), { a: '1', b: '2' });
  const piped = await r.pipeline().incr('n').incr('n').get('n').exec();
  assert.deepEqual(piped.map((x) => x[1]), [1, 2, '2']);
  const tx = await r.multi().zadd('z', 1, 'a', 2, 'b').zrange('z', 0, -1, 'WITHSCORES').exec();
  assert.deepEqual(tx.map((x) => x[1]), [2, ['a', '1', 'b', '2']]);
  r.defineCommand('addTo', { numberOfKeys: 1, lua: "return redis.call('INCRBY', KEYS[1], ARGV[1])" });
  assert.equal(await r.addTo('n', 40), 42);
  const popped = blocked.blpop('q', 5);
  await r.rpush('q', 'job');
  assert.deepEqual(await popped, ['q', 'job']);
  const heard = new Promise((done) => sub.on('message', (c, m) => done([c, m])));
  await sub.subscribe('news');
  await r.publish('news', 'hello');
  assert.deepEqual(await heard, ['news', 'hello']);
  for (let i = 0; i < 500; i++) await r.sadd('s', 'm' + i);
  let seen = 0;
  for await (const page of r.sscanStream('s')) seen += page.length / 1;
  assert.ok(seen >= 500);
  r.disconnect(); sub.disconnect(); blocked.disconnect();
  console.log('ioredis: ordinary work is done');
}

main(Number(process.argv[2])).catch((e) => { console.error(e); process.exit(1); });
