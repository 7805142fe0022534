// The camera: a dialog with what it sees; the photo is taken as others see the person, not mirrored.

const WHY_NOT = {
  NotAllowedError: "the camera is not allowed; allow it beside the browser's address line, or choose a file",
  NotFoundError: "no camera was found; choose a file instead",
  NotReadableError: "the camera is used by another program; close that one and try again",
};

export class Camera {
  /** `take(blob, name)` gets the photo, `refuse(sentence)` the reason why there is none. */
  constructor({ take, refuse }) {
    this.take = take;
    this.refuse = refuse;
    this.dialog = document.getElementById("camera");
    this.video = document.getElementById("video");
    this.stream = null;
    this.facing = "user";
    this.button = this.dialog.querySelector("[data-do=take]");
    this.dialog.addEventListener("close", () => this.#stop());
    this.video.addEventListener("loadeddata", () => { this.button.disabled = false; });
  }

  async open() {
    if (!navigator.mediaDevices?.getUserMedia) {
      // Browsers give a page the camera only over https or on this machine; a phone's file chooser has one of its own
      document.getElementById("capture").click();
      return;
    }
    try {
      await this.#start();
      if (!this.dialog.open) this.dialog.showModal();
    } catch (error) {
      this.close();
      this.refuse(WHY_NOT[error.name] ?? "the camera could not be started; choose a file instead");
    }
  }

  async turn() {
    this.facing = this.facing === "user" ? "environment" : "user";
    await this.open();
  }

  async shoot() {
    const canvas = new OffscreenCanvas(this.video.videoWidth, this.video.videoHeight);
    canvas.getContext("2d").drawImage(this.video, 0, 0);
    const photo = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.95 });
    this.close();
    this.take(photo, "camera.jpg");
  }

  close() {
    this.dialog.close();
    this.#stop();
  }

  async #start() {
    this.#stop();
    const video = { facingMode: this.facing, width: { ideal: 1280 }, height: { ideal: 960 } };
    this.stream = await navigator.mediaDevices.getUserMedia({ video });
    this.video.srcObject = this.stream;
    this.video.classList.toggle("away", this.facing !== "user");
    const devices = await navigator.mediaDevices.enumerateDevices();
    const cameras = devices.filter((device) => device.kind === "videoinput");
    this.dialog.querySelector("[data-do=turn]").hidden = cameras.length < 2;
  }

  #stop() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.video.srcObject = null;
    this.button.disabled = true; // until something is seen
  }
}
