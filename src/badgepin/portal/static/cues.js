// A short tone and a tap for the hand: understood, or not. Both can be switched off.
/** @type {AudioContext | null} */
let audio = null;

/**
 * @param {"good" | "bad"} kind
 * @param {boolean} wanted
 */
export function cue(kind, wanted) {
  if (!wanted) return;
  // browsers complain about a buzz before the first touch
  if (navigator.userActivation?.hasBeenActive !== false) navigator.vibrate?.(kind === "good" ? 40 : [60, 60, 60]);
  try {
    audio ??= new AudioContext();
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = kind === "good" ? 880 : 220;
    volume.gain.setValueAtTime(0.08, audio.currentTime);
    volume.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + 0.18);
    tone.connect(volume).connect(audio.destination);
    tone.start();
    tone.stop(audio.currentTime + 0.2);
  } catch {
    audio = null;
  }
}
