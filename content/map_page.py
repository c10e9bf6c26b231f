"""The map of the songs as one self-contained web page: no server, no network, a small canvas script (paper, figure 6)."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError

# Okabe and Ito's palette, told apart with any colour vision; a violet and a brown for its black, which a dark page would hide.
COLOURS = ("#E69F00", "#56B4E9", "#009E73", "#D55E00", "#CC79A7", "#0072B2", "#F0E442", "#8C5FD3", "#A0622D")
GREY = "#8A8A8A"


def label_order(labels: Sequence[str]) -> list[str]:
    """Distinct labels as a legend lists them: sorted, unknown ("") last."""
    distinct = set(labels)
    return sorted(distinct - {""}) + ([""] if "" in distinct else [])


def label_colour(label: str, index: int) -> str:
    """The colour of the label at this place of `label_order`; grey where unknown."""
    return COLOURS[index % len(COLOURS)] if label else GREY


def map_page(
    coordinates: NDArray[np.float32],
    explained: NDArray[np.float64],
    names: Sequence[str],
    ids: Sequence[str],
    labels: Sequence[str],
    title: str,
    *,
    rest: str = "no label",
) -> str:
    """The page as HTML.

    Drag to turn, wheel or pinch to zoom, hover or tap for a song, type to find one, click a label to hide or show it; arrow keys
    and + - do the same as mouse and wheel.

    Parameters
    ----------
    coordinates : float32 (n, 3), from `content.pca.pca`.
    explained : float64 (3,), share of the variance along each axis.
    names : what a person reads, "artist - title".
    ids : track ids.
    labels : one a song; "" where unknown.
    title : heading.
    rest : what the legend calls the songs of label "".

    Raises
    ------
    InputError : shapes that do not fit.
    """
    if coordinates.shape != (len(ids), 3) or not len(ids) == len(names) == len(labels):
        raise InputError(
            f"map: coordinates {coordinates.shape} must be (n, 3), with n names, n ids and n labels; got {len(names)} names, "
            f"{len(ids)} ids and {len(labels)} labels"
        )
    classes = label_order(labels)
    number = {label: index for index, label in enumerate(classes)}
    # One scale for all axes: distances in the picture are distances along the components.
    scale = float(np.abs(coordinates).max(initial=0.0)) or 1.0
    songs = {
        "xyz": np.round(coordinates / scale, 4).astype(float).ravel().tolist(),
        "names": list(names),
        "ids": list(ids),
        "label": [number[label] for label in labels],
        "labels": [label or rest for label in classes],
        "colours": [label_colour(label, index) for index, label in enumerate(classes)],
        "explained": [round(float(share), 4) for share in explained],
    }
    note = (
        f"{len(ids):,} songs. These three axes hold {float(explained.sum()):.0%} of the variance of the embeddings; "
        "closeness in the picture is only part of the truth."
    )
    page = PAGE.replace("@TITLE@", html.escape(title)).replace("@NOTE@", html.escape(note))
    return page.replace("@DATA@", script_json(songs))


def script_json(value: Any) -> str:
    """JSON that is safe inside a script element: no text in it can end the element or start a comment."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


# @DATA@ is replaced last: no name in it is searched for the other marks.
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>@TITLE@</title>
<style>
:root { color-scheme: light dark; --back: #fbfbf9; --ink: #1d1f23; --soft: #6b7078; --line: #d9dad6; --panel: #ffffffe6; }
@media (prefers-color-scheme: dark) {
  :root { --back: #15171b; --ink: #e8e9eb; --soft: #9aa0a8; --line: #33373e; --panel: #1e2127e6; }
}
* { box-sizing: border-box; }
html, body { margin: 0; height: 100%; overflow: hidden; background: var(--back); color: var(--ink);
  font: 15px/1.45 system-ui, sans-serif; }
canvas { position: fixed; inset: 0; width: 100%; height: 100%; touch-action: none; cursor: grab; }
canvas:active { cursor: grabbing; }
canvas:focus-visible { outline: 2px solid #56B4E9; outline-offset: -2px; }
header { position: fixed; left: 1.2rem; top: 1rem; max-width: min(30rem, 60vw); pointer-events: none; }
h1 { font-size: 1.25rem; margin: 0 0 .25rem; font-weight: 650; }
p { margin: 0; color: var(--soft); font-size: .88rem; }
aside { position: fixed; right: 1rem; top: 1rem; width: 13.5rem; max-height: calc(100% - 2rem); overflow: auto;
  background: var(--panel); border: 1px solid var(--line); border-radius: 10px; padding: .7rem; }
input { width: 100%; font: inherit; padding: .35rem .6rem; color: inherit; background: var(--back);
  border: 1px solid var(--line); border-radius: 7px; }
#found { min-height: 1.3em; margin: .2rem .2rem .3rem; }
#legend button { display: flex; align-items: center; gap: .5rem; width: 100%; padding: .16rem .25rem; font: inherit;
  font-size: .9rem; text-align: left; color: inherit; background: none; border: 0; border-radius: 5px; cursor: pointer; }
#legend button:hover { background: #8883; }
#legend button[aria-pressed=false] { opacity: .38; text-decoration: line-through; }
#legend span { flex: 1; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
#legend small { color: var(--soft); }
#tip { position: fixed; display: none; max-width: 20rem; padding: .4rem .6rem; pointer-events: none; font-size: .9rem;
  background: var(--panel); border: 1px solid var(--line); border-radius: 8px; box-shadow: 0 3px 14px #0003; }
#tip small { display: block; color: var(--soft); }
footer { position: fixed; left: 1.2rem; bottom: .9rem; color: var(--soft); font-size: .82rem; pointer-events: none; }
@media (max-width: 640px) { aside { top: auto; bottom: 2.6rem; max-height: 34%; } header { max-width: 92vw; } }
</style>
</head>
<body>
<canvas id="map" tabindex="0" role="img" aria-label="@TITLE@. @NOTE@"></canvas>
<header><h1>@TITLE@</h1><p>@NOTE@</p></header>
<aside>
  <input id="search" type="search" placeholder="Find artist or title" aria-label="Find artist or title" autocomplete="off">
  <p id="found" aria-live="polite"></p>
  <div id="legend"></div>
</aside>
<div id="tip"></div>
<footer>Drag to turn, wheel to zoom, hover for a song, click a label to hide it, double-click to start over</footer>
<script id="songs" type="application/json">@DATA@</script>
<script>
"use strict";
const S = JSON.parse(document.getElementById("songs").textContent), N = S.ids.length;
const canvas = document.getElementById("map"), g = canvas.getContext("2d"), tip = document.getElementById("tip");
const shown = S.labels.map(() => true), hit = new Uint8Array(N), sx = new Float32Array(N), sy = new Float32Array(N);
const sz = new Float32Array(N), order = Uint32Array.from({length: N}, (_, i) => i);
const START = {yaw: 0.6, pitch: 0.35, zoom: 1}, view = {...START};
let searching = false, hover = -1, waiting = false, width = 0, height = 0, dot = 3;

// Shape and colour go round with different periods, so that labels differ in more than colour.
const SHAPES = [
  null,  // a circle
  [[-.85, -.85], [.85, -.85], [.85, .85], [-.85, .85]],
  [[0, -1.2], [1.1, .8], [-1.1, .8]],
  [[0, -1.25], [1.1, 0], [0, 1.25], [-1.1, 0]],
  [[0, 1.2], [1.1, -.8], [-1.1, -.8]],
];
const colour = label => S.colours[label];
const css = name => getComputedStyle(document.documentElement).getPropertyValue(name);
function mark(c, label, x, y, r) {
  const corners = SHAPES[label % SHAPES.length];
  c.beginPath();
  if (!corners) return c.arc(x, y, r, 0, 6.2832);
  for (const [u, v] of corners) c.lineTo(x + u * r, y + v * r);
  c.closePath();
}

function project(x, y, z) {  // (right, down, towards the eye), in units of the data
  const a = Math.cos(view.yaw), b = Math.sin(view.yaw), c = Math.cos(view.pitch), d = Math.sin(view.pitch);
  const u = a * x + b * z, w = a * z - b * x, v = c * y - d * w, depth = d * y + c * w, k = 2.6 / (3.4 - depth);
  const size = Math.min(width, height) * 0.55 * view.zoom;
  return [width / 2 + u * k * size, height / 2 - v * k * size, depth];
}
function draw() {
  waiting = false;
  g.clearRect(0, 0, width, height);
  const ink = css("--ink"), soft = css("--soft"), back = css("--back");
  g.font = "12px system-ui, sans-serif"; g.lineWidth = 1; g.globalAlpha = .55;
  for (let axis = 0; axis < 3; axis++) {
    const end = [0, 0, 0]; end[axis] = 1.08;
    const [x0, y0] = project(...end.map(v => -v)), [x1, y1] = project(...end);
    g.strokeStyle = g.fillStyle = soft; g.beginPath(); g.moveTo(x0, y0); g.lineTo(x1, y1); g.stroke();
    g.fillText((axis + 1) + " (" + Math.round(S.explained[axis] * 100) + " %)", x1 + 5, y1 - 4);
  }
  for (let i = 0; i < N; i++) [sx[i], sy[i], sz[i]] = project(S.xyz[3 * i], S.xyz[3 * i + 1], S.xyz[3 * i + 2]);
  order.sort((i, j) => sz[i] - sz[j]);  // far ones first
  g.strokeStyle = back; g.lineWidth = .8;
  for (const i of order) {
    const label = S.label[i];
    if (!shown[label]) continue;
    const near = Math.min(1, Math.max(0, (sz[i] + 1) / 2));
    g.globalAlpha = searching ? (hit[i] ? 1 : .1) : .45 + .5 * near;
    g.fillStyle = colour(label);
    mark(g, label, sx[i], sy[i], dot * (.75 + .6 * near) * (searching && hit[i] ? 1.6 : 1));
    g.fill(); if (N < 8000) g.stroke();
  }
  g.globalAlpha = 1;
  if (hover >= 0 && shown[S.label[hover]]) {
    g.strokeStyle = ink; g.lineWidth = 2; g.beginPath(); g.arc(sx[hover], sy[hover], dot + 6, 0, 6.2832); g.stroke();
  }
}
function redraw() { if (!waiting) { waiting = true; requestAnimationFrame(draw); } }
function resize() {
  const ratio = window.devicePixelRatio || 1;
  width = innerWidth; height = innerHeight; canvas.width = width * ratio; canvas.height = height * ratio;
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  dot = Math.max(1.6, Math.min(5, 90 / Math.sqrt(N + 1))); redraw();
}
function point(x, y) {  // the shown song nearest to the pointer
  let best = 14 * 14; hover = -1;
  for (let i = 0; i < N; i++) {
    if (!shown[S.label[i]] || (searching && !hit[i])) continue;
    const d = (sx[i] - x) ** 2 + (sy[i] - y) ** 2;
    if (d < best) { best = d; hover = i; }
  }
  tip.style.display = hover < 0 ? "none" : "block";
  if (hover >= 0) {
    const small = document.createElement("small");
    small.textContent = S.labels[S.label[hover]] + " \\u00b7 " + S.ids[hover];
    tip.replaceChildren(S.names[hover], small);  // as text, never as markup
    tip.style.left = Math.min(x + 16, width - tip.offsetWidth - 8) + "px";
    tip.style.top = Math.min(y + 16, height - tip.offsetHeight - 8) + "px";
  }
  redraw();
}
function turn(dx, dy) { view.yaw += dx; view.pitch = Math.max(-1.5, Math.min(1.5, view.pitch + dy)); redraw(); }
function zoom(factor) { view.zoom = Math.max(.3, Math.min(20, view.zoom * factor)); redraw(); }

const fingers = new Map();
canvas.addEventListener("pointerdown", e => {
  canvas.setPointerCapture(e.pointerId); fingers.set(e.pointerId, [e.clientX, e.clientY]); point(e.clientX, e.clientY);
});
canvas.addEventListener("pointermove", e => {
  const old = fingers.get(e.pointerId);
  if (!old) return point(e.clientX, e.clientY);
  if (fingers.size === 2) {
    const [other] = [...fingers].filter(([id]) => id !== e.pointerId).map(f => f[1]);
    const reach = (x, y) => Math.hypot(x - other[0], y - other[1]) || 1;
    zoom(reach(e.clientX, e.clientY) / reach(...old));
  } else turn((e.clientX - old[0]) * .007, (e.clientY - old[1]) * .007);
  fingers.set(e.pointerId, [e.clientX, e.clientY]); tip.style.display = "none";
});
for (const kind of ["pointerup", "pointercancel"]) canvas.addEventListener(kind, e => fingers.delete(e.pointerId));
canvas.addEventListener("pointerleave", () => { hover = -1; tip.style.display = "none"; redraw(); });
canvas.addEventListener("wheel", e => { e.preventDefault(); zoom(Math.exp(-e.deltaY * .0012)); }, {passive: false});
canvas.addEventListener("dblclick", () => { Object.assign(view, START); redraw(); });
canvas.addEventListener("keydown", e => {
  const step = {ArrowLeft: [-.1, 0], ArrowRight: [.1, 0], ArrowUp: [0, -.1], ArrowDown: [0, .1]}[e.key];
  if (step) turn(...step); else if (e.key === "+") zoom(1.15); else if (e.key === "-") zoom(1 / 1.15); else return;
  e.preventDefault();
});
document.getElementById("search").addEventListener("input", e => {
  const text = e.target.value.trim().toLowerCase(); let count = 0;
  searching = text !== "";
  for (let i = 0; i < N; i++) count += hit[i] = searching && (S.names[i] + " " + S.ids[i]).toLowerCase().includes(text) ? 1 : 0;
  document.getElementById("found").textContent = searching ? count + (count === 1 ? " song" : " songs") : "";
  redraw();
});
const counts = S.labels.map(() => 0); for (const label of S.label) counts[label]++;
S.labels.forEach((name, label) => {
  const button = document.createElement("button"), icon = document.createElement("canvas"), text = document.createElement("span");
  const many = document.createElement("small");
  icon.width = icon.height = 32; icon.style.width = icon.style.height = "16px";
  icon.style.position = "static"; icon.style.cursor = "inherit";
  const c = icon.getContext("2d"); c.fillStyle = colour(label); mark(c, label, 16, 16, 11); c.fill();
  text.textContent = name; text.title = name; many.textContent = counts[label];
  button.append(icon, text, many); button.setAttribute("aria-pressed", "true");
  button.addEventListener("click", () => {
    shown[label] = !shown[label]; button.setAttribute("aria-pressed", String(shown[label])); redraw();
  });
  document.getElementById("legend").append(button);
});
addEventListener("resize", resize);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
resize();
</script>
</body>
</html>
"""
