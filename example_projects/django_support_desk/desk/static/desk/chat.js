// One conversation: what has been said, and the next question with its answer as it is written.

const messages = document.getElementById("messages");
const form = document.getElementById("ask");
const question = document.getElementById("question");
const send = document.getElementById("send");
const stop = document.getElementById("stop");
const address = `${location.pathname}/messages`; // /conversations/5/messages

let running = null; // aborts the answer that is being written

class Problem extends Error {} // its message is a sentence for the visitor; that of any other error is not

function bubble(role, text = "") {
  const element = document.createElement("article");
  element.className = `message ${role}`;
  element.textContent = text;
  messages.append(element);
  messages.scrollTop = messages.scrollHeight;
  return element;
}

function problem(text) {
  const element = bubble("problem", text);
  element.setAttribute("role", "alert");
}

function cite(element, titles) {
  const line = document.createElement("small");
  line.className = "sources";
  line.textContent = `From: ${titles.join(", ")}`;
  element.append(line);
  messages.scrollTop = messages.scrollHeight;
}

// Server-sent events of a POST, which EventSource cannot make: blocks of lines, with an empty line after each.
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    buffer += value;
    const blocks = buffer.split("\n\n");
    buffer = blocks.pop();
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s).slice(0, 2)));
      yield { name: fields.event ?? "message", data: fields.data };
    }
  }
}

async function ask(text) {
  bubble("user", text);
  const answer = bubble("assistant writing");
  const written = document.createTextNode("");
  answer.append(written);
  running = new AbortController();
  let sources = [];
  let done = false;
  try {
    const headers = { "Content-Type": "application/json" };
    const csrf = document.querySelector("meta[name=csrf]")?.content;
    if (csrf) headers["X-CSRFToken"] = csrf;
    const body = JSON.stringify({ text });
    const response = await fetch(address, { method: "POST", headers, body, signal: running.signal });
    if (!response.ok) throw new Problem((await response.json().catch(() => ({}))).detail ?? "That did not work.");
    for await (const { name, data } of events(response)) {
      if (name === "error") throw new Problem(JSON.parse(data).message);
      if (name === "sources") sources = JSON.parse(data);
      else if (data === "[DONE]") done = true;
      else written.data += JSON.parse(data).choices[0]?.delta?.content ?? "";
      messages.scrollTop = messages.scrollHeight;
    }
    if (!done) throw new Problem("The answer broke off.");
    if (sources.length) cite(answer, sources);
  } catch (error) {
    if (error.name === "AbortError") answer.classList.add("stopped");
    else problem(`${error instanceof Problem ? error.message : "The connection was lost."} Please try again.`);
    if (!written.data && error.name !== "AbortError") answer.remove();
  } finally {
    answer.classList.remove("writing");
    running = null;
  }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = question.value.trim();
  if (!text || running) return;
  question.value = "";
  send.hidden = true;
  stop.hidden = false;
  await ask(text);
  send.hidden = false;
  stop.hidden = true;
  question.focus();
});

question.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    form.requestSubmit();
  }
});

stop.addEventListener("click", () => running?.abort());

try {
  const said = await (await fetch(address)).json();
  for (const { role, text } of said.messages) bubble(role, text);
  question.disabled = false; // not before: what is asked comes after what has been said
  question.focus();
} catch {
  problem("The conversation could not be loaded. Please reload the page.");
}
