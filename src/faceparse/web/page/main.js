// The page: a photo comes in, is shown, sent, and its parts are shown, named, hidden and downloaded.
import * as api from "./api.js";
import { Camera } from "./camera.js";
import * as downloads from "./downloads.js";
import { Faces } from "./faces.js";
import { prepare, watch } from "./intake.js";
import { readLabelMap } from "./label_map.js";
import { PartList, percent } from "./parts.js";
import { Stage } from "./stage.js";

const find = (id) => document.getElementById(id);
const known = api.about();
let current = null; // the photo that is shown: its name, picture, bytes, and once they are known map, ids and parts
let asked = new AbortController();
let drawn = ""; // what the stage shows, since a pointer moves more often than the part under it changes
let picked = null; // the part that was tapped, which stays lit

const say = (text) => { find("status").textContent = text; };
const complain = (sentence) => {
  find("complaint").textContent = sentence && sentence[0].toUpperCase() + sentence.slice(1);
  find("complaint").hidden = !sentence;
};
const waiting = (seconds) => say(`Many photos are waiting; trying again in ${seconds} s …`);

const stage = new Stage({ light: lightAt, pick });
const list = new PartList(find("parts"), {
  light: (part) => light(part ?? picked),
  toggle: (part) => redraw(part ?? picked),
  cut: cutOut,
});
const camera = new Camera({ take, refuse: complain });

async function take(blob, name) {
  asked.abort();
  const mine = (asked = new AbortController());
  complain("");
  try {
    const { classes, limits } = await known;
    const { picture, sent, reduced } = await prepare(blob, limits);
    if (mine.signal.aborted) return;
    const shown = { name, sent, picture, classes };
    if (picture) open(shown);
    const answer = await api.parse(sent, mine.signal, waiting);
    if (!picture) throw new Error("this browser cannot show the photo; convert it to PNG or JPEG first");
    const bytes = Uint8Array.from(atob(answer.ids), (letter) => letter.charCodeAt(0));
    const ids = new Blob([bytes], { type: "image/png" });
    const map = await readLabelMap(ids, classes);
    if (mine.signal.aborted) return;
    const faces = new Faces(answer.faces);
    Object.assign(shown, { ids, map, faces, parts: answer.parts.filter((part) => part.id > 0), hasFeatures: answer.has_features });
    reveal(shown, reduced);
  } catch (error) {
    if (mine.signal.aborted) return;
    stage.stopWaiting();
    say("");
    complain(error.message);
  }
}

function open(shown) {
  const isFirst = !find("welcome").hidden;
  current = shown;
  picked = null;
  drawn = "";
  find("welcome").hidden = true;
  find("result").hidden = find("again").hidden = false;
  list.show([]);
  enableDownloads(false);
  stage.showPhoto(shown.picture);
  stage.describe(`The photo ${shown.name}`);
  say("Parsing …");
  if (isFirst) find("work").focus({ preventScroll: true }); // what had the focus is gone
}

function reveal(shown, reduced) {
  list.show(shown.parts);
  stage.showMap(shown.map, shown.classes, list.shown());
  enableDownloads(true);
  const number = shown.parts.length;
  const found = number ? `${shown.faces.counted}${number} parts found.` : shown.faces.nothing;
  const doubt = number && !shown.hasFeatures ? "None is an eye, a nose or a mouth, so this may be no face." : "";
  say(`${found} ${doubt} ${number ? "Point at or tap one to name it." : ""} ${reduced}`);
  stage.describe(`The photo with its map: ${shown.faces.counted}${shown.parts.map((part) => `${part.name} ${percent(part.share)}`).join(", ") || "no parts"}`);
}

function enableDownloads(on) {
  for (const button of document.querySelectorAll(".downloads button")) button.disabled = !on;
}

function partOf(id) {
  return current.parts.find((part) => part.id === id) ?? null;
}

/** Light a part and write its name: where the pointer is, or in the middle of the part. */
function light(part, place = null) {
  if (!current?.map) return;
  redraw(part);
  list.mark(part?.id ?? null);
  if (!part) {
    stage.unname();
    return;
  }
  const [left, top, width] = part.box;
  const [x, y] = place ?? [(left + width / 2) / current.map.width, top / current.map.height];
  const whose = place ? faceAt(place) : "";
  stage.name(`${part.name} · ${percent(part.share)}${whose}`, part.color, x, y);
}

function redraw(part) {
  const shown = list.shown();
  const wanted = `${current.name} ${[...shown]} ${part?.id}`;
  if (wanted === drawn) return;
  drawn = wanted;
  stage.draw(shown, part?.id ?? null);
}

function faceAt([x, y]) {
  return current.faces.at(x * current.map.width, y * current.map.height);
}

function lightAt(id, place) {
  const part = id === null ? null : partOf(id);
  light(part ?? picked, part ? place : null);
}

function pick(id, place) {
  const part = partOf(id);
  picked = part && part !== picked ? part : null;
  light(picked, place);
  list.mark(picked?.id ?? null);
  say(part ? `${part.name}: ${percent(part.share)} of the photo${faceAt(place)}` : "background");
}

async function cutOut(part, button) {
  const { sent, name } = current;
  button.disabled = true;
  say(`Cutting out ${part.name} …`);
  try {
    downloads.save(await api.cutOut(sent, part.name, waiting), downloads.fileName(name, part.name));
    say(`${part.name} is cut out and downloaded.`);
  } catch (error) {
    say("");
    complain(error.message);
  } finally {
    button.disabled = false;
    button.focus({ preventScroll: true });
  }
}

async function download(what) {
  const { picture, map, classes, ids, name } = current;
  const make = {
    ids: () => ids,
    color: () => downloads.colors(map, classes),
    overlay: () => downloads.overlay(picture, map, classes, list.shown(), find("opacity").value / 100),
  };
  downloads.save(await make[what](), downloads.fileName(name, what));
  say(`Downloaded: ${downloads.fileName(name, what)}`);
}

const actions = {
  choose: () => find("file").click(),
  camera: () => camera.open(),
  made: async () => take(await (await fetch("made-face.jpg")).blob(), "made-face.jpg"),
  take: () => camera.shoot(),
  turn: () => camera.turn(),
  close: () => camera.close(),
  all: () => list.setAll(true),
  none: () => list.setAll(false),
  ids: () => download("ids"),
  color: () => download("color"),
  overlay: () => download("overlay"),
};
document.addEventListener("click", (event) => actions[event.target.closest("[data-do]")?.dataset.do]?.());
watch({ take, refuse: complain });

const local = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
find("whereabouts").textContent = `The photo goes to faceparse ${local ? "on this machine" : `at ${location.host}`} only.`;
known.then(
  ({ version, model, faces }) => {
    find("about").textContent = `faceparse ${version}, model ${model}`;
    if (faces) find("kind").textContent = "Faces are found wherever they are: in groups, small, or leaning.";
  },
  (error) => complain(error.message),
);
