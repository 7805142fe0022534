// A photo's label map: the class id of every pixel, read from the PNG of ids.

export class LabelMap {
  constructor(width, height, ids) {
    this.width = width;
    this.height = height;
    this.ids = ids;
  }

  /** The map at another size, each pixel the nearest one's id. */
  resized(width, height) {
    const ids = new Uint8Array(width * height);
    for (let y = 0; y < height; y++) {
      const row = Math.floor(((y + 0.5) * this.height) / height) * this.width;
      for (let x = 0; x < width; x++) ids[y * width + x] = this.ids[row + Math.floor(((x + 0.5) * this.width) / width)];
    }
    return new LabelMap(width, height, ids);
  }

  at(x, y) {
    return x < 0 || y < 0 || x >= this.width || y >= this.height ? 0 : this.ids[y * this.width + x];
  }
}

export function rgb(color) {
  return [1, 3, 5].map((start) => parseInt(color.slice(start, start + 2), 16));
}

/** A PNG of ids, which a browser shows in the official colours, back to ids. */
export async function readLabelMap(png, classes) {
  const picture = await createImageBitmap(png, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(picture, 0, 0);
  const { data } = context.getImageData(0, 0, picture.width, picture.height);
  const ids = new Uint8Array(picture.width * picture.height);
  const known = new Map(classes.map((row) => [key(...rgb(row.color)), row.id]));
  for (let pixel = 0; pixel < ids.length; pixel++) {
    const [red, green, blue] = [data[4 * pixel], data[4 * pixel + 1], data[4 * pixel + 2]];
    let id = known.get(key(red, green, blue));
    if (id === undefined) {
      id = nearest(red, green, blue, classes);
      known.set(key(red, green, blue), id);
    }
    ids[pixel] = id;
  }
  return new LabelMap(picture.width, picture.height, ids);
}

function key(red, green, blue) {
  return (red << 16) | (green << 8) | blue;
}

// Browsers that guard against fingerprinting change what a canvas gives by a grey level
function nearest(red, green, blue, classes) {
  const far = (row) => rgb(row.color).reduce((sum, value, i) => sum + (value - [red, green, blue][i]) ** 2, 0);
  return classes.reduce((best, row) => (far(row) < far(best) ? row : best)).id;
}
