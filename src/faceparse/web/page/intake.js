// Ways in for a photo: dropped, pasted, chosen. And what is done to one that the server would not take.

const TAKEN = ["image/png", "image/jpeg", "image/webp"];

/** Calls `take(blob, name)` for every photo that arrives, `refuse(sentence)` for what is none. */
export function watch({ take, refuse }) {
  const veil = document.getElementById("veil");
  const hasFiles = (event) => [...event.dataTransfer.types].some((type) => type === "Files" || type.startsWith("text/"));
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    veil.hidden = false;
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) veil.hidden = true;
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    veil.hidden = true;
    const [file] = event.dataTransfer.files;
    if (file) take(file, file.name);
    else refuse("what was dropped is no file; save the picture first, or copy and paste it");
  });
  document.addEventListener("paste", (event) => {
    const [file] = event.clipboardData.files;
    if (file) take(file, file.name);
    else refuse("what was pasted is no picture; copy the picture itself, not its address");
  });
  for (const id of ["file", "capture"]) {
    const input = document.getElementById(id);
    input.addEventListener("change", () => {
      const [file] = input.files;
      if (file) take(file, file.name);
      input.value = ""; // so that the same file may be chosen again
    });
  }
}

/**
 * The photo as a picture to draw, and as bytes for the server within its limits.
 * What the browser can read and the server cannot (HEIC in Safari, AVIF) is written anew; what neither can goes as it is,
 * since the server knows best what to say of it. `reduced` is a sentence where the photo had to be made smaller.
 */
export async function prepare(blob, limits) {
  let picture;
  try {
    picture = await createImageBitmap(blob);
  } catch {
    return { picture: null, sent: blob, reduced: "" };
  }
  const scale = Math.min(1, Math.sqrt(limits.pixels / (picture.width * picture.height)));
  if (scale === 1 && blob.size <= limits.bytes && TAKEN.includes(blob.type)) return { picture, sent: blob, reduced: "" };
  const width = Math.floor(picture.width * scale);
  const height = Math.floor(picture.height * scale);
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff"; // as the server does with what is transparent
  context.fillRect(0, 0, width, height);
  context.drawImage(picture, 0, 0, width, height);
  const sent = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.95 });
  const reduced = scale < 1 ? `The photo was reduced to ${width} × ${height} pixels.` : "";
  return { picture: await createImageBitmap(sent), sent, reduced };
}
