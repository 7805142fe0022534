// Parse one photo in JavaScript, with onnxruntime-web: how much of it each part takes, and its ids as a PNG.
//
//     npm install onnxruntime-web sharp
//     node examples/parse_photo.js src/faceparse/infer/weights/compact/model.onnx me.jpg ids.png
//
// The network takes the photo as it is (uint8, 1 × height × width × 3) and gives ids; in a browser the pixels come from a canvas.
const { readFile } = require("node:fs/promises");
const ort = require("onnxruntime-web");
const sharp = require("sharp"); // reads and writes pictures; turns them upright

const NAMES = `background skin nose eye_glasses left_eye right_eye left_brow right_brow left_ear right_ear mouth upper_lip
  lower_lip hair hat earring necklace neck cloth`.split(/\s+/); // left and right are the person's own

async function main(model, photo, out) {
  const { data, info } = await sharp(photo).rotate().flatten().toColorspace("srgb").raw().toBuffer({ resolveWithObject: true });
  const image = new ort.Tensor("uint8", data, [1, info.height, info.width, 3]);
  const session = await ort.InferenceSession.create(await readFile(model));
  const { labels } = await session.run({ image }, ["labels"]); // without "probabilities" in half the time

  const pixels = new Array(NAMES.length).fill(0);
  for (const id of labels.data) pixels[id]++;
  NAMES.forEach((name, id) => pixels[id] && console.log(name, `${((100 * pixels[id]) / labels.data.length).toFixed(1)} %`));
  await sharp(labels.data, { raw: { width: info.width, height: info.height, channels: 1 } }).toColorspace("b-w").png().toFile(out);
}

main(...process.argv.slice(2));
