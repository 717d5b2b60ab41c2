// What the server is asked, and what it says when it refuses.

async function checked(answer) {
  if (!answer.ok) {
    const line = (await answer.text()).split("\n")[0];
    throw new Error(line.startsWith("<") ? `the server answered ${answer.status}` : line);
  }
  return answer;
}

function address(path, parameters) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters ?? {})) {
    if (value !== undefined && value !== null && value !== "") query.set(name, value);
  }
  return query.size ? `${path}?${query}` : path;
}

async function reach(path, parameters, request) {
  try {
    return await checked(await fetch(address(path, parameters), request));
  } catch (e) {
    if (e instanceof TypeError) throw new Error("the server does not answer; is cram serve running?");
    throw e;
  }
}

export async function get(path, parameters) {
  return (await reach(path, parameters)).json();
}

export async function post(path, parameters, body) {
  const answer = await reach(path, parameters, {method: "POST", body});
  const text = await answer.text();
  return text ? JSON.parse(text) : null;
}

/** Calls `heard` with each line of an answer as it comes, until its end or until `signal` aborts. */
export async function lines(path, parameters, signal, heard) {
  const answer = await reach(path, parameters, {signal});
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const {done, value} = await reader.read();
    if (done) break;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    for (const part of parts) {
      const line = JSON.parse(part);
      if (line.error) throw new Error(line.error);
      heard(line);
    }
  }
}

const problem = document.getElementById("problem");

/** Tells what went wrong; nothing, to take it back. */
export function complain(e) {
  if (e?.name === "AbortError") return;
  problem.textContent = e ? (e.message ?? String(e)) : "";
  problem.hidden = !e;
}

const said = document.getElementById("said");

/** For those who listen rather than look. */
export function say(text) {
  said.textContent = text;
}

export const number = (value, digits = 0) =>
  value === null || value === undefined || !isFinite(value)
    ? "–"
    : value.toLocaleString("en", {minimumFractionDigits: digits, maximumFractionDigits: digits}).replace("-", "−");

export const count = (value, noun) => `${number(value)} ${noun}${value === 1 ? "" : "s"}`;

export function duration(seconds) {
  if (seconds < 9.95) return `${number(Math.max(0, seconds), 1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${number(Math.floor(whole / 3600))} h ${Math.floor(whole % 3600 / 60)} min`;
}

export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** Takes files that are dropped onto a place or chosen with an input. */
export function takesFiles(place, input, take) {
  place.addEventListener("dragover", event => {
    event.preventDefault();
    place.classList.add("over");
  });
  place.addEventListener("dragleave", () => place.classList.remove("over"));
  place.addEventListener("drop", event => {
    place.classList.remove("over");
    const file = event.dataTransfer.files[0];
    if (file) {
      event.preventDefault();
      take(file);
    }
  });
  input.addEventListener("change", () => {
    if (input.files[0]) take(input.files[0]);
    input.value = "";
  });
}
