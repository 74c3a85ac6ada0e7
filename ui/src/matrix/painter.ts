/** Keeps a canvas up to date: at most one paint for each frame, and only if something changed. */
import { offsetAt } from "./layout";
import { type Look, lookOf, onLookChange } from "./look";
import { Paint, type Scene } from "./paint";

/** Paints scenes on a canvas that lies over a scrolled area. */
export class Painter {
  readonly #paint = new Paint();
  readonly #stop: () => void;
  #scene: Scene | undefined;
  #look: Look;
  #frame = 0;

  constructor(
    readonly canvas: HTMLCanvasElement,
    readonly scroller: HTMLElement,
  ) {
    this.#look = lookOf(canvas);
    this.#stop = onLookChange(() => {
      this.#look = lookOf(canvas);
      this.schedule();
    });
    scroller.addEventListener("scroll", this.schedule, { passive: true });
  }

  /** Shows another scene, in the next frame. */
  show(scene: Scene): void {
    this.#scene = scene;
    this.schedule();
  }

  readonly schedule = (): void => {
    if (this.#frame === 0) {
      this.#frame = requestAnimationFrame(() => {
        this.#frame = 0;
        this.#draw();
      });
    }
  };

  dispose(): void {
    cancelAnimationFrame(this.#frame);
    // Development mode mounts twice: a canceled frame must not keep the second painter from drawing.
    this.#frame = 0;
    this.#stop();
    this.scroller.removeEventListener("scroll", this.schedule);
  }

  #draw(): void {
    const scene = this.#scene;
    const context = this.canvas.getContext("2d", { alpha: false });
    if (!scene || !context) {
      return;
    }
    const { viewWidth, viewHeight } = scene.layout;
    const width = Math.round(viewWidth * this.#look.ratio);
    const height = Math.round(viewHeight * this.#look.ratio);
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    const { scrollLeft, scrollTop } = this.scroller;
    this.#paint.draw(context, scene, this.#look, offsetAt(scene.layout, scrollLeft, scrollTop));
  }
}
