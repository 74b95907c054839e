// The official `openai` package, unmodified: a written turn, a round of a tool, a spoken turn.
// node converse.mjs BASE_URL KEY SPOKEN (a file of PCM); prints what the model said, as JSON.
import { readFileSync } from 'node:fs';
import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';

const [baseURL, apiKey, spoken] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey });
const realtime = new OpenAIRealtimeWS({ model: 'gpt-realtime' }, client);

realtime.on('error', (error) => {
  console.error(error);
  process.exit(1);
});

const waiting = new Map();
realtime.on('event', (event) => {
  waiting.get(event.type)?.(event);
  waiting.delete(event.type);
});
const until = (type) => new Promise((resolve) => waiting.set(type, resolve));

const write = (text) =>
  realtime.send({
    type: 'conversation.item.create',
    item: { type: 'message', role: 'user', content: [{ type: 'input_text', text }] },
  });

async function answer() {
  const done = until('response.done');
  realtime.send({ type: 'response.create' });
  return (await done).response.output[0];
}

const said = [];
await until('session.created');
realtime.send({ type: 'session.update', session: { type: 'realtime', output_modalities: ['text'] } });
write('Can you move my appointment to Thursday?');
said.push((await answer()).content[0].text);

const parameters = { type: 'object', properties: { parcel: { type: 'string' } }, required: ['parcel'] };
const tools = [{ type: 'function', name: 'find_parcel', description: 'Where a parcel is.', parameters }];
realtime.send({ type: 'session.update', session: { type: 'realtime', tools } });
write('Where is my parcel?');
const call = await answer();
realtime.send({
  type: 'conversation.item.create',
  item: { type: 'function_call_output', call_id: call.call_id, output: "It is at the neighbour's." },
});
said.push((await answer()).content[0].text);

const input = { transcription: { model: 'gpt-4o-transcribe' } };
realtime.send({ type: 'session.update', session: { type: 'realtime', output_modalities: ['audio'], tools: [], audio: { input } } });
const audio = readFileSync(spoken);
const heard = until('conversation.item.input_audio_transcription.completed');
const done = until('response.done');
for (let start = 0; start < audio.length; start += 9600) {
  realtime.send({ type: 'input_audio_buffer.append', audio: audio.subarray(start, start + 9600).toString('base64') });
}
await heard;
said.push((await done).response.output[0].content[0].transcript);
console.log(JSON.stringify(said));
realtime.close();
