// What the page asks of its server. Refusals become errors with the server's own sentence.

const TRIES = 5;
const PATIENCE = 15; // seconds that the page waits, at most, before it tries a busy server again

export async function about() {
  return (await ask("api/about", {})).json();
}

/** A photo's parts and its label map; `wait` is told how many seconds a busy server asks for. */
export async function parse(photo, signal, wait) {
  return (await ask("api/parse?write=json", { method: "POST", body: photo, signal }, wait)).json();
}

/** One part of a photo as a PNG with soft, transparent edges. */
export async function cutOut(photo, part, wait) {
  const address = `api/cut-out?part=${encodeURIComponent(part)}`;
  return (await ask(address, { method: "POST", body: photo }, wait)).blob();
}

async function ask(address, options, wait = () => {}) {
  for (let tried = 1; ; tried++) {
    const answer = await reach(address, options);
    if (answer.ok) return answer;
    const seconds = Number(answer.headers.get("Retry-After"));
    if (!seconds || seconds > PATIENCE || tried === TRIES) throw new Error(await sentence(answer));
    wait(seconds);
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    options.signal?.throwIfAborted();
  }
}

async function reach(address, options) {
  try {
    return await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("the server cannot be reached; is faceparse serve still running?");
  }
}

async function sentence(answer) {
  try {
    return (await answer.json()).error;
  } catch {
    return `the server answered ${answer.status}`;
  }
}
