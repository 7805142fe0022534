// The faces of a photo, where the server searches them (serve --faces): how many, and whose a place is.

export class Faces {
  /** What the server told of each face; nothing where it looks at the photo as one face. */
  constructor(told) {
    this.searched = told !== undefined;
    this.faces = (told ?? []).map(({ id, square }) => {
      const [[x, y], [nextX, nextY], [acrossX, acrossY]] = square;
      return { id, x: (x + acrossX) / 2, y: (y + acrossY) / 2, side: Math.hypot(nextX - x, nextY - y) };
    });
  }

  /** "2 faces, " before what else was found; nothing where faces are not searched. */
  get counted() {
    const number = this.faces.length;
    return this.searched ? `${number} ${number === 1 ? "face" : "faces"}, ` : "";
  }

  /** What is said where there is no part of a face. */
  get nothing() {
    return this.searched
      ? "No face was found. One that is larger or better lit may be."
      : "No part of a face was found. A larger, upright face may help.";
  }

  /** " · face 2" for a place in the photo's pixels: the nearest, in sides of its square, as the server paints them. */
  at(x, y) {
    if (this.faces.length < 2) return "";
    const far = (face) => Math.hypot(face.x - x, face.y - y) / face.side;
    return ` · face ${this.faces.reduce((best, face) => (far(face) < far(best) ? face : best)).id}`;
  }
}
