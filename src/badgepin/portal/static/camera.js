// The camera, and the reader that finds a badge in its pictures; both are loaded and started only when asked for.
const EVERY = 120;
const LARGEST = 960;

/** @typedef {"cameraDenied" | "cameraNone" | "cameraBusy" | "networkDown"} CameraProblem */
/** @type {Record<string, CameraProblem>} */
const PROBLEMS = { NotAllowedError: "cameraDenied", SecurityError: "cameraDenied", NotFoundError: "cameraNone", OverconstrainedError: "cameraNone", NotReadableError: "cameraBusy", AbortError: "cameraBusy", TypeError: "networkDown" };

export class Camera {
  /**
   * @param {HTMLVideoElement} video
   * @param {string} base where our own files are
   * @param {(text: string) => void} found
   */
  constructor(video, base, found) {
    this.video = video;
    this.base = base;
    this.found = found;
    /** @type {MediaStream | null} */
    this.stream = null;
    this.run = 0;
    this.chosen = 0;
  }

  /**
   * Start looking. Answers what is in the way, or null.
   * @returns {Promise<CameraProblem | null>}
   */
  async start() {
    this.stop();
    const run = this.run;
    try {
      const [stream, read] = await Promise.all([this.open(), this.load()]);
      if (run !== this.run) {
        stream.getTracks().forEach((track) => track.stop());
        return null;
      }
      this.stream = stream;
      this.video.srcObject = stream;
      this.video.hidden = false;
      await this.video.play();
      void this.look(read, run);
      return null;
    } catch (error) {
      this.stop();
      return PROBLEMS[/** @type {Error} */ (error).name] ?? "cameraNone";
    }
  }

  /** Let go of the camera. */
  stop() {
    this.run += 1;
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
    this.video.srcObject = null;
    this.video.hidden = true;
  }

  get isOn() {
    return this.stream !== null;
  }

  async devices() {
    return (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === "videoinput");
  }

  /** Use the next camera of this device. */
  async next() {
    this.chosen += 1;
    return this.start();
  }

  get hasLight() {
    const track = this.stream?.getVideoTracks()[0];
    return Boolean(track?.getCapabilities && "torch" in track.getCapabilities());
  }

  /** @param {boolean} on */
  async light(on) {
    await this.stream?.getVideoTracks()[0].applyConstraints({ advanced: [/** @type {any} */ ({ torch: on })] });
  }

  async open() {
    if (!navigator.mediaDevices) throw new DOMException("", "NotFoundError");
    const wanted = { width: { ideal: 1280 }, height: { ideal: 720 } };
    if (this.chosen === 0) return navigator.mediaDevices.getUserMedia({ video: { ...wanted, facingMode: "environment" }, audio: false });
    const devices = await this.devices();
    const device = devices[this.chosen % devices.length];
    return navigator.mediaDevices.getUserMedia({ video: { ...wanted, deviceId: { exact: device.deviceId } }, audio: false });
  }

  async load() {
    const { prepareZXingModule, readBarcodes } = await import("./vendor/zxing-reader.js");
    await prepareZXingModule({ overrides: { locateFile: () => `${this.base}/vendor/zxing_reader.wasm` }, fireImmediately: true });
    return readBarcodes;
  }

  /**
   * @param {Function} read
   * @param {number} run
   */
  async look(read, run) {
    const canvas = document.createElement("canvas");
    const context = canvas.getContext("2d", { willReadFrequently: true });
    while (run === this.run && context) {
      const { videoWidth: width, videoHeight: height } = this.video;
      if (width && height) {
        const scale = Math.min(1, LARGEST / Math.max(width, height));
        canvas.width = Math.round(width * scale);
        canvas.height = Math.round(height * scale);
        context.drawImage(this.video, 0, 0, canvas.width, canvas.height);
        const results = await read(context.getImageData(0, 0, canvas.width, canvas.height), { formats: ["QRCode"], tryHarder: true, maxNumberOfSymbols: 4 });
        for (const result of results) if (run === this.run && result.text) this.found(result.text);
      }
      await new Promise((resolve) => setTimeout(resolve, EVERY));
    }
  }
}
