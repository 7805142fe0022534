// Label maps as pixels: parts in their colours, and a line around one of them.
import { rgb } from "./label_map.js";

const DIMMED = 90; // opacity of 255 that the other parts keep while one is lit
const LIGHT = [255, 255, 255, 255];
const DARK = [16, 20, 24, 190];

/** Parts that are shown, in the official colours; everything else transparent. */
export function paintParts(map, classes, shown, lit = null) {
  const image = new ImageData(map.width, map.height);
  const pixels = new Uint32Array(image.data.buffer);
  const palette = new Uint32Array(256);
  for (const row of classes) {
    if (row.id > 0 && shown.has(row.id)) palette[row.id] = packed([...rgb(row.color), lit === null || lit === row.id ? 255 : DIMMED]);
  }
  for (let i = 0; i < pixels.length; i++) pixels[i] = palette[map.ids[i]];
  return image;
}

/** A line of `reach` pixels along a part's edge: light inside, dark outside, so that it shows on any photo. */
export function paintOutline(map, id, reach) {
  const image = new ImageData(map.width, map.height);
  const pixels = new Uint32Array(image.data.buffer);
  const [light, dark] = [packed(LIGHT), packed(DARK)];
  for (let y = 0; y < map.height; y++) {
    for (let x = 0; x < map.width; x++) {
      const inside = map.ids[y * map.width + x] === id;
      if (hasOther(map, x, y, reach, id, inside)) pixels[y * map.width + x] = inside ? light : dark;
    }
  }
  return image;
}

/** Whether one of the four pixels at a distance is on the part's other side; beyond the picture is outside. */
function hasOther(map, x, y, reach, id, inside) {
  return (
    (map.at(x - reach, y) === id) !== inside || (map.at(x + reach, y) === id) !== inside ||
    (map.at(x, y - reach) === id) !== inside || (map.at(x, y + reach) === id) !== inside
  );
}

const IS_LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

function packed([red, green, blue, alpha]) {
  return IS_LITTLE_ENDIAN
    ? ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0
    : ((red << 24) | (green << 16) | (blue << 8) | alpha) >>> 0;
}
