// Judges whatsapp-sandbox by people who have nothing to do with it: a client library that others
// wrote sends through it and reads its webhooks, and Meta's own examples are posted to it and
// compared with what it writes. WHATSAPP_SANDBOX_BIN names the program; exits with 0 when all holds.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { WhatsAppClient } from '@kapso/whatsapp-cloud-api';
import { normalizeWebhook, verifySignature } from '@kapso/whatsapp-cloud-api/server';
import { filled, refusals } from './examples.mjs';

const program = process.env.WHATSAPP_SANDBOX_BIN;
assert.ok(program, 'WHATSAPP_SANDBOX_BIN must name the program');
const appSecret = 'app-secret-of-strangers';
const verifyToken = 'verify-token-of-strangers';
const accessToken = 'access-token-of-strangers';
const phoneNumberId = '106540352242922';
const client = '16505551234';
const meta = new URL('../../crates/whatsapp-sandbox/tests/meta/', import.meta.url);
const example = async (name) => JSON.parse(await readFile(new URL(name, meta), 'utf8'));

// The company's webhook, in node.
const posts = [];
const company = createServer(async (request, response) => {
  if (request.method === 'GET') {
    const query = new URL(request.url, 'http://localhost').searchParams;
    const right = query.get('hub.mode') === 'subscribe' && query.get('hub.verify_token') === verifyToken;
    response.writeHead(right ? 200 : 403).end(right ? query.get('hub.challenge') : '');
    return;
  }
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  posts.push({ rawBody: Buffer.concat(chunks), signatureHeader: request.headers['x-hub-signature-256'] });
  response.writeHead(200).end();
});
company.listen(0, '127.0.0.1');
await once(company, 'listening');

const sandbox = spawn(program, [
  '--listen', '127.0.0.1:0', '--phone-number-id', phoneNumberId, '--display-number', '15550783881',
  '--waba-id', '102290129340398', '--webhook', `http://127.0.0.1:${company.address().port}/webhook`,
], {
  env: { ...process.env, SANDBOX_APP_SECRET: appSecret, SANDBOX_VERIFY_TOKEN: verifyToken, SANDBOX_ACCESS_TOKEN: accessToken },
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const [line] = await once(createInterface({ input: sandbox.stdout }), 'line');
  const base = JSON.parse(line).listening;
  await run(base);
} finally {
  sandbox.kill('SIGTERM');
  company.close();
}

async function run(base) {
  const control = async (path, body, method = body === undefined ? 'GET' : 'POST') => {
    const answer = await fetch(`${base}/control/${path}`, {
      method,
      headers: { 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
    return answer.json();
  };
  const write = (message) => control(`phones/${client}/messages`, message);
  // What came since the last time, each judged by the strangers' reader.
  let seen = 0;
  const arrived = async () => {
    await control('idle?wait_ms=20000');
    const fresh = posts.slice(seen);
    seen = posts.length;
    return fresh.map(({ rawBody, signatureHeader }) => {
      assert.equal(verifySignature({ appSecret, rawBody, signatureHeader }), true, 'signature');
      assert.equal(verifySignature({ appSecret: 'wrong', rawBody, signatureHeader }), false);
      assert.ok(rawBody.every((byte) => byte < 0x80), 'the body is ASCII');
      const body = JSON.parse(rawBody);
      return { body, read: normalizeWebhook(body) };
    });
  };

  await control('phones', { number: client, name: 'Шина Нельсон', username: 'sheena' });
  await strangersReadMessages(write, arrived);
  await strangersSend(base, control, arrived);
  await batchesAreReadWhole(control, write, arrived);
  await usernameOnly(base, control, write, arrived);
  await metasRequests(base, control, write);
  await arrived();
  await metasWebhooks(control, write, arrived);
}

async function strangersReadMessages(write, arrived) {
  const text = 'Съешь ещё этих булок: 50% / <b>&"\\ a@b.ru 👍\n\u2028конец';
  const { wamid } = await write({ text });
  const [{ read }] = await arrived();
  assert.equal(read.phoneNumberId, phoneNumberId);
  assert.equal(read.displayPhoneNumber, '15550783881');
  assert.equal(read.messages.length, 1);
  assert.equal(read.messages[0].id, wamid);
  assert.equal(read.messages[0].from, client);
  assert.equal(read.messages[0].text.body, text);
  assert.equal(read.contacts[0].profile.name, 'Шина Нельсон');
  assert.equal(read.contacts[0].waId, client);
  console.log('ok  a message with Cyrillic and special characters is verified and read');
}

async function strangersSend(base, control, arrived) {
  const whatsapp = new WhatsAppClient({ accessToken, baseUrl: base, graphVersion: 'v25.0' });
  const body = 'Здравствуйте! 100% <скидка> / a@b.ru';
  const sent = await whatsapp.messages.sendText({ phoneNumberId, to: '+1 (650) 555-1234', body });
  const wamid = sent.messages[0].id;
  assert.match(wamid, /^wamid\.[A-Za-z0-9+/]+=*$/);
  assert.equal(sent.contacts[0].waId, client);
  const statuses = (await arrived()).flatMap(({ read }) => read.statuses);
  assert.deepEqual(statuses.map(({ id, status }) => [id, status]).sort(), [[wamid, 'delivered'], [wamid, 'sent']]);
  assert.equal(statuses[0].recipientId, client);
  const { messages } = await control(`phones/${client}/received`);
  assert.deepEqual(messages.map((message) => message.text), [body]);

  await control(`phones/${client}/read`, {});
  assert.equal((await arrived())[0].read.statuses[0].status, 'read');
  const received = await control(`phones/${client}/sent`);
  assert.deepEqual(await whatsapp.messages.markRead({ phoneNumberId, messageId: received.messages[0].wamid }), { success: true });

  const stranger = new WhatsAppClient({ accessToken: 'wrong', baseUrl: base, graphVersion: 'v25.0' });
  await assert.rejects(stranger.messages.sendText({ phoneNumberId, to: client, body: 'a' }), (error) => error.code === 190 && error.httpStatus === 401);
  await assert.rejects(whatsapp.messages.sendText({ phoneNumberId: '454545', to: client, body: 'a' }), (error) => error.code === 100);

  await whatsapp.messages.sendText({ phoneNumberId, to: '+16505550000', body: 'никому' });
  const [{ read }] = await arrived();
  assert.equal(read.statuses[0].status, 'failed');
  assert.equal(read.statuses[0].errors[0].code, 131026);
  console.log('ok  the strangers\' client sends, reads statuses, receipts and errors');
}

async function batchesAreReadWhole(control, write, arrived) {
  const texts = ['раз', 'два', 'три', 'четыре', 'пять', 'шесть', 'семь'];
  await control('faults/webhooks', { batch_ms: 60_000, batch_count: texts.length });
  for (const text of texts) await write({ text });
  const [only, ...more] = await arrived();
  assert.equal(more.length, 0, 'one POST');
  assert.ok(only.body.entry.length > 1, 'several entries');
  assert.deepEqual(only.read.messages.map((message) => message.text.body), texts);
  console.log('ok  a batch over several entries and changes is read whole');
}

async function usernameOnly(base, control, write, arrived) {
  const { user_id: userId } = await control(`phones/${client}`, { mode: 'username' }, 'PATCH');
  await write({ text: 'без номера' });
  const [{ body, read }] = await arrived();
  assert.ok(!JSON.stringify(body).includes(client), 'the number is nowhere');
  assert.equal(read.contacts[0].userId, userId);
  const whatsapp = new WhatsAppClient({ accessToken, baseUrl: base, graphVersion: 'v25.0' });
  const sent = await whatsapp.messages.sendText({ phoneNumberId, recipient: userId, body: 'ответ' });
  assert.equal(sent.contacts[0].userId, userId);
  const statuses = (await arrived()).flatMap((post) => post.read.statuses);
  assert.equal(statuses.length, 2);
  assert.ok(statuses.every((status) => status.recipientUserId === userId && status.recipientId === undefined));
  await control(`phones/${client}`, { mode: 'phone' }, 'PATCH');
  console.log('ok  a username-only client is read and answered by user id');
}

// Each request as Meta printed it (only numbers and message ids put in), then with its remaining
// placeholders filled: the first is refused where examples.mjs says so, the second always taken.
async function metasRequests(base, control, write) {
  const requests = await example('send_requests_50.json');
  assert.equal(Object.keys(requests).length, 50);
  assert.deepEqual(Object.keys(refusals).filter((name) => !(name in requests)), [], 'unknown names');
  const { wamid } = await write({ text: 'предыдущее' });
  const post = async (body) => {
    const answer = await fetch(`${base}/v25.0/${phoneNumberId}/messages`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${accessToken}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { http: answer.status, json: await answer.json() };
  };
  for (const [name, request] of Object.entries(requests)) {
    const printed = await post(filled(request, { to: `+${client}`, wamid, all: false }));
    const expected = refusals[name];
    assert.equal(printed.json.error?.code, expected?.code, `${name}: ${JSON.stringify(printed.json)}`);
    if (expected) assert.equal(printed.http, expected.code === 132001 ? 404 : 400, name);
    const whole = await post(filled(request, { to: `+${client}`, wamid, all: true }));
    assert.equal(whole.http, 200, `${name}, filled: ${JSON.stringify(whole.json)}`);
    if (request.status) assert.deepEqual(whole.json, { success: true });
    else assert.match(whole.json.messages[0].id, /^wamid\./);
  }
  await control('idle?wait_ms=20000');
  console.log(`ok  Meta's 50 requests: ${Object.keys(refusals).length} refused as printed, all taken when filled`);
}

// Lets the client write what each of Meta's webhooks carries, and compares field by field.
async function metasWebhooks(control, write, arrived) {
  const webhooks = await example('webhooks_16.json');
  let compared = 0;
  for (const [name, webhook] of Object.entries(webhooks)) {
    const value = webhook.entry[0].changes[0].value;
    // Groups are not played.
    if (!value.messages) continue;
    const { from, id, timestamp, type, ...rest } = value.messages[0];
    const { [type]: content, ...extra } = rest;
    await write({ type, content, extra });
    const [{ body, read }] = await arrived();
    assert.deepEqual(shape(body), shape(webhook), name);
    assert.deepEqual(Object.keys(body), Object.keys(webhook), name);
    assert.equal(read.messages.length, 1, name);
    compared += 1;
  }
  assert.equal(compared, 13);
  console.log(`ok  ${compared} of Meta's 16 webhooks have the same shape (the other 3 are about groups)`);
}

// Names and types, without values.
function shape(value) {
  if (Array.isArray(value)) return value.map(shape);
  if (value === null || typeof value !== 'object') return typeof value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, shape(value[key])]));
}
