// The console's own script: keeps parts of a page live, sounds while an alert waits, loads charts where there are any.
// Everything else works without it.
"use strict";

(() => {
  // Changes come in bursts; a part is fetched once for all of them. Readings never stop, so they wait longest.
  const ALERT_MS = 50;
  const CALM_MS = 1500;
  const READING_MS = 10_000;
  const EVERY_MS = 60_000; // "3 minutes ago" grows old by itself
  const waiting = new Set();
  let timer = 0;
  let due = Infinity;

  const texts = () => document.body.dataset;
  const parts = () => [...document.querySelectorAll("[data-part]")];

  // A part in which somebody types, or has a button under the finger, is left alone until they are done.
  const isInUse = (part) => {
    const active = document.activeElement;
    return part.contains(active) && active.matches("input, textarea, select");
  };

  function refresh() {
    due = Infinity;
    for (const part of [...waiting]) {
      if (!part.isConnected) waiting.delete(part);
      else if (!isInUse(part)) {
        waiting.delete(part);
        fetchPart(part);
      }
    }
    if (waiting.size) soon(CALM_MS);
  }

  // Many browsers hear of a change at once; they do not all ask at once.
  function soon(delay) {
    const at = Date.now() + delay * (delay > ALERT_MS ? 0.7 + Math.random() * 0.6 : 1);
    if (at >= due) return;
    clearTimeout(timer);
    due = at;
    timer = setTimeout(refresh, at - Date.now());
  }

  async function fetchPart(part) {
    const open = [...part.querySelectorAll("details[open][id]")].map((each) => each.id);
    const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
    const typed = [...part.querySelectorAll("input[id], textarea[id], select[id]")].map((each) => [each.id, each.value]);
    let answer;
    try {
      answer = await fetch(part.dataset.part, { headers: { "X-Premises-Refresh": "1", Accept: "text/html" }, redirect: "manual" });
    } catch {
      return; // the line is down; the next event or minute brings it
    }
    if (answer.type === "opaqueredirect" || answer.status === 401) return location.reload();
    if (!answer.ok || !part.isConnected || isInUse(part)) return;
    const made = await answer.text();
    if (made === part.dataset.shown || !part.isConnected) return;
    part.dataset.shown = made;
    htmx.swap(part, made, { swapStyle: "innerHTML" });
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    for (const [id, value] of typed) {
      const field = document.getElementById(id);
      if (field && value) field.value = value;
    }
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    settle();
  }

  function want(kinds) {
    for (const part of parts()) {
      if (!kinds || part.dataset.live.split(" ").some((kind) => kinds.includes(kind))) waiting.add(part);
    }
    if (waiting.size) soon(kinds?.includes("alert") ? ALERT_MS : kinds?.includes("reading") ? READING_MS : CALM_MS);
  }

  // --- clocks that count, by the server's clock: a screen's own may be wrong

  const ahead = (element) => (element.dataset.ahead ??= String(Date.parse(element.dataset.now) - Date.now()));

  function tick() {
    for (const each of document.querySelectorAll("[data-due]")) {
      const left = Math.round((Date.parse(each.dataset.due) - Date.now() - Number(ahead(each))) / 1000);
      const [seconds, minutes, hours] = [Math.abs(left) % 60, Math.floor(Math.abs(left) / 60), Math.floor(Math.abs(left) / 3600)];
      const two = (number) => String(number).padStart(2, "0");
      const told = hours ? `${hours}:${two(minutes % 60)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
      each.textContent = left < 0 ? `+${told}` : told;
      each.classList.toggle("late", left < 0);
    }
    const now = Math.floor(Date.now() / 1000);
    for (const part of document.querySelectorAll("[data-every]")) {
      if (!document.hidden && now % Number(part.dataset.every) === 0) waiting.add(part), soon(CALM_MS);
    }
  }
  setInterval(tick, 1000);

  // --- live events

  let source;
  let wasConnected = false;

  function showLine(state) {
    const line = document.getElementById("live");
    if (!line) return;
    line.dataset.state = state;
    line.textContent = state === "on" ? texts().liveOn : texts().liveOff;
  }

  function listen() {
    source?.close();
    if (!document.getElementById("live")) return; // a page of somebody who reads nothing of the building
    source = new EventSource("/api/v1/live");
    source.onopen = () => {
      showLine("on");
      if (wasConnected) want();
      wasConnected = true;
    };
    source.onerror = () => {
      showLine("off");
      if (source.readyState === EventSource.CLOSED) setTimeout(listen, 5000);
    };
    for (const kind of ["alert", "item", "finding", "reading", "standing"]) source.addEventListener(kind, () => want([kind]));
    source.addEventListener("resync", () => want());
  }

  // --- sound: a tone made here, only after a click, as browsers ask

  const KEY = "premises.sound";
  const TONES = { red: [880, 660, 880, 660], orange: [660, 520] };
  let audio;
  let ringing = 0;

  const isWanted = () => document.body.dataset.sounds === "always" || localStorage.getItem(KEY) === "on";
  const canSound = () => audio?.state === "running";

  function showSound() {
    const button = document.getElementById("sound");
    if (!button) return;
    const on = isWanted();
    button.setAttribute("aria-pressed", String(on));
    button.querySelector("[data-text]").textContent = !on ? texts().soundOff : canSound() ? texts().soundOn : texts().soundWaiting;
    button.querySelector('[data-icon="on"]').hidden = !on;
    button.querySelector('[data-icon="off"]').hidden = on;
  }

  async function wakeSound() {
    if (!isWanted()) return;
    audio ??= new AudioContext();
    if (audio.state === "suspended") await audio.resume();
    showSound();
    ring();
  }

  function tone(frequency, start) {
    const oscillator = audio.createOscillator();
    const volume = audio.createGain();
    oscillator.frequency.value = frequency;
    volume.gain.setValueAtTime(0.0001, start);
    volume.gain.exponentialRampToValueAtTime(0.25, start + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.28);
    oscillator.connect(volume).connect(audio.destination);
    oscillator.start(start);
    oscillator.stop(start + 0.3);
  }

  const alarm = () => document.querySelector("#alarm [data-ringing]");

  function ring() {
    clearTimeout(ringing);
    const severity = alarm()?.dataset.ringing;
    if (!severity || !isWanted() || !canSound()) return;
    TONES[severity]?.forEach((frequency, index) => tone(frequency, audio.currentTime + 0.05 + index * 0.32));
    ringing = setTimeout(ring, severity === "red" ? 3000 : 10_000);
  }

  function toggleSound() {
    localStorage.setItem(KEY, isWanted() ? "off" : "on");
    if (isWanted()) {
      wakeSound().then(() => canSound() && tone(660, audio.currentTime + 0.02));
    } else {
      clearTimeout(ringing);
    }
    showSound();
  }

  // --- charts: their scripts are loaded where a page has one

  const loaded = new Map();

  function load(address) {
    if (!loaded.has(address)) {
      loaded.set(
        address,
        new Promise((resolve, reject) => {
          const script = document.createElement("script");
          script.src = address;
          script.onload = resolve;
          script.onerror = reject;
          document.head.append(script);
        }),
      );
    }
    return loaded.get(address);
  }

  async function drawCharts() {
    for (const chart of document.querySelectorAll('[data-chart][data-state="loading"]')) {
      chart.dataset.state = "drawing";
      for (const address of chart.dataset.needs.split(" ")) await load(address);
      await window.premisesChart(chart);
    }
  }

  // --- the page as a whole

  let rung = "";

  function settle() {
    const strip = alarm();
    const count = strip ? strip.dataset.waiting : "0";
    for (const badge of document.querySelectorAll("[data-waiting-count]")) {
      badge.textContent = count;
      badge.hidden = !strip;
    }
    const now = strip ? `${strip.dataset.ringing} ${count}` : "";
    if (now !== rung) {
      rung = now;
      ring();
    }
    const title = document.title.replace(/^\(\d+\) /, "");
    document.title = strip ? `(${count}) ${title}` : title;
  }

  function arrive() {
    showSound();
    if (source) showLine(source.readyState === EventSource.OPEN ? "on" : "off");
    settle();
    drawCharts().catch(() => {});
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    target?.querySelector("details")?.setAttribute("open", "");
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("#sound")) toggleSound();
    else wakeSound();
  });
  document.addEventListener("keydown", wakeSound, { passive: true });
  // After a step inside the page, a screen reader starts at the new heading, as it would with a new page.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target !== document.body && event.detail.elt !== document.body) return;
    const heading = document.querySelector("main h1");
    heading?.setAttribute("tabindex", "-1");
    heading?.focus({ preventScroll: true });
    arrive();
  });
  // --- files: what is too large is not sent, and what is sent shows how far it is
  document.addEventListener("htmx:beforeRequest", (event) => {
    const form = event.target.closest("form[data-upload]");
    const file = form?.querySelector("input[type=file]").files[0];
    if (!file) return;
    const refusal = form.querySelector("[role=alert]");
    refusal.hidden = file.size <= Number(form.dataset.mostBytes);
    refusal.textContent = refusal.hidden ? "" : form.dataset.tooLarge;
    if (!refusal.hidden) event.preventDefault();
  });
  document.addEventListener("htmx:xhr:progress", (event) => {
    const bar = event.target.closest("form[data-upload]")?.querySelector("progress");
    if (!bar || !event.detail.lengthComputable) return;
    bar.hidden = false;
    bar.value = (100 * event.detail.loaded) / event.detail.total;
  });
  document.addEventListener("visibilitychange", () => document.hidden || want());
  window.addEventListener("beforeprint", () => {
    for (const each of document.querySelectorAll("main details")) each.setAttribute("open", "");
  });
  setInterval(() => document.hidden || want(), EVERY_MS);

  arrive();
  tick();
  listen();
  // A screen on the wall sounds without a click where its browser was started so that it may.
  if (document.body.dataset.sounds === "always") wakeSound().catch(() => {});
})();
