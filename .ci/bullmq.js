// Ordinary work through BullMQ: jobs at once, in a batch, with priorities, later, repeated by
// a scheduler, failing until they succeed or for good, a flow of parent and children, events.
// Ends with an error on the first wrong answer.
const assert = require('node:assert');
const { Queue, Worker, QueueEvents, FlowProducer } = require('bullmq');

async function main(port) {
  const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
  const queue = new Queue('work', { connection });
  const events = new QueueEvents('work', { connection });
  await Promise.all([queue.waitUntilReady(), events.waitUntilReady()]);
  const tries = {}, order = [];
  const run = async (job) => {
    tries[job.name] = (tries[job.name] ?? 0) + 1;
    order.push(job.name);
    if (job.name === 'hard' && job.attemptsMade < 2) throw new Error('not yet');
    if (job.name === 'hopeless') throw new Error('never');
    if (job.name === 'parent') return Object.values(await job.getChildrenValues()).sort();
    await job.updateProgress(50);
    return (job.data.n ?? 0) * 2;
  };

  // Priorities count while nobody works.
  await queue.addBulk([3, 1, 2].map((p) => ({ name: 'p' + p, data: { n: p }, opts: { priority: p } })));
  const worker = new Worker('work', run, { connection, concurrency: 1 });
  worker.on('error', (e) => { console.error(e); process.exit(1); });

  while (order.length < 3) await new Promise((done) => setTimeout(done, 20));
  assert.deepEqual(order, ['p1', 'p2', 'p3']);
  const first = await queue.add('first', { n: 21 });
  assert.equal(await first.waitUntilFinished(events, 60000), 42);

  const parked = await queue.add('parked', { n: 5 }, { delay: 3600000 });
  assert.equal(await parked.getState(), 'delayed');
  await parked.promote();
  assert.equal(await parked.waitUntilFinished(events, 60000), 10);

  const start = Date.now();
  const late = await queue.add('late', { n: 1 }, { delay: 400 });
  await late.waitUntilFinished(events, 60000);
  assert.ok(Date.now() - start >= 400, 'the delayed job came early');

  const hard = await queue.add('hard', { n: 4 }, { attempts: 5, backoff: { type: 'exponential', delay: 20 } });
  assert.equal(await hard.waitUntilFinished(events, 60000), 8);
  assert.equal(tries.hard, 3);

  const failed = new Promise((done) => events.once('failed', done));
  const hopeless = await queue.add('hopeless', {}, { attempts: 2, backoff: 10 });
  await assert.rejects(hopeless.waitUntilFinished(events, 60000), /never/);
  assert.equal((await failed).failedReason, 'never');
  assert.equal(tries.hopeless, 2);
  assert.equal(await hopeless.getState(), 'failed');
  assert.equal(await queue.getFailedCount(), 1);
  await hopeless.remove();

  await queue.upsertJobScheduler('beat', { every: 100, limit: 3 }, { name: 'beat', data: {} });
  while ((tries.beat ?? 0) < 3) await new Promise((done) => setTimeout(done, 50));
  assert.equal((await queue.getJobSchedulers()).length <= 1, true);
  await queue.removeJobScheduler('beat');

  const flow = new FlowProducer({ connection });
  const tree = await flow.add({
    name: 'parent', queueName: 'work',
    children: [1, 2, 3].map((n) => ({ name: 'child', queueName: 'work', data: { n } })),
  });
  assert.deepEqual(await tree.job.waitUntilFinished(events, 60000), [2, 4, 6]);

  const counts = await queue.getJobCounts();
  assert.equal(counts.waiting + counts.active + counts.failed, 0);
  assert.ok(counts.completed >= 10);
  await queue.pause();
  assert.equal(await queue.isPaused(), true);
  await queue.resume();
  await worker.close(); await flow.close(); await events.close();
  await queue.obliterate({ force: true });
  await queue.close();
  console.log('BullMQ: ordinary work is done');
}

main(Number(process.argv[2])).catch((e) => { console.error(e); process.exit(1); });
