/* The map in its frame: fetches layers as JSON from this host and draws them on canvas.
 *
 * Text from data is only ever set with textContent or drawn with fillText; no markup is made from it.
 * start(map) is called once when the map is made, show(map, content) whenever its content changes:
 *   content.layers   addresses of layers (GeoJSON with a member "symbiosekart": styles, headings, ...)
 *   content.base     [address, lowest zoom, highest zoom] of the base map
 *   content.texts    address of the map's own words
 *   content.selected key of the selected feature, or null; content.bounds south, west, north, east, or null
 *   content.lang, content.theme, content.tiles
 */
(function () {
  'use strict';

  const TILES = 'https://cache.kartverket.no/v1/wmts/1.0.0/topograatone/default/webmercator/{z}/{y}/{x}.png';
  const PROBE = TILES.replace('{z}', '5').replace('{y}', '9').replace('{x}', '16');
  const PROBE_MS = 2500;
  const KEPT_DOCUMENTS = 32;
  const SELECTED = ['#d7004b', '#ffd23f'];
  const INK = ['#17211d', '#ecf2ef'];
  const PAPER = ['#ffffff', '#16212a'];
  const TITLES_FROM_ZOOM = 6.5;
  const FONT = 'system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
  const POPULATION_AT_ZOOM = [[5, 150000], [6, 60000], [7, 25000], [8, 9000], [9, 4000], [10, 1500], [30, 0]];

  const documents = new Map(); // address -> promise of a prepared document, oldest first
  const s = {
    map: null, content: null, texts: {}, layers: [], base: [], hidden: new Set(), turn: 0, dark: 0,
    selected: null, cursor: null, items: [], labels: [], fitted: null, pendingFit: null, started: false,
    tiles: null, tilesOn: false, popupKey: null, ui: {},
  };

  // ---------------------------------------------------------------- documents

  function fetchJson(address) {
    return fetch(address, { credentials: 'same-origin' }).then((answer) => {
      if (!answer.ok) throw new Error('layer ' + answer.status);
      return answer.json();
    });
  }

  function load(address, prepareIt) {
    const known = documents.get(address);
    if (known) {
      documents.delete(address);
      documents.set(address, known);
      return known;
    }
    const promise = fetchJson(address).then(prepareIt);
    documents.set(address, promise);
    promise.catch(() => documents.delete(address));
    while (documents.size > KEPT_DOCUMENTS) documents.delete(documents.keys().next().value);
    return promise;
  }

  // Web Mercator in 0..1, so that a zoom is one multiplication.
  const mercatorX = (lon) => lon / 360 + 0.5;
  const mercatorY = (lat) => {
    const sine = Math.sin((Math.max(-85, Math.min(85, lat)) * Math.PI) / 180);
    return 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
  };
  const toLatLng = (x, y) =>
    L.latLng((Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI, (x - 0.5) * 360);

  function project(points, box) {
    const out = new Float64Array(points.length * 2);
    for (let i = 0; i < points.length; i += 1) {
      const x = mercatorX(points[i][0]);
      const y = mercatorY(points[i][1]);
      out[2 * i] = x;
      out[2 * i + 1] = y;
      if (x < box[0]) box[0] = x;
      if (y < box[1]) box[1] = y;
      if (x > box[2]) box[2] = x;
      if (y > box[3]) box[3] = y;
    }
    return out;
  }

  function prepare(json) {
    const meta = json.symbiosekart;
    const byKey = new Map();
    const features = json.features.map((raw) => {
      const p = raw.properties;
      const coordinates = raw.geometry.coordinates;
      const box = [Infinity, Infinity, -Infinity, -Infinity];
      const feature = { key: p.key, category: p.category, title: p.title, details: p.details.map((word) => meta.words[word]), size: p.size, bend: p.bend || 0, ringed: p.ringed, box };
      if (meta.kind === 'points') {
        [feature.x, feature.y] = project([coordinates], box);
      } else if (meta.kind === 'lines') {
        feature.parts = [project(coordinates, box)];
      } else {
        feature.parts = coordinates.flatMap((polygon) => polygon.map((ring) => project(ring, box)));
      }
      if (meta.kind !== 'points') {
        feature.x = (box[0] + box[2]) / 2;
        feature.y = (box[1] + box[3]) / 2;
      }
      byKey.set(p.key, feature);
      return feature;
    });
    return { meta, features, byKey, groups: new Map() };
  }

  // ---------------------------------------------------------------- grouping of near points

  const groupRadius = (n) => (n > 1 ? 14 + Math.min(11, 4.6 * Math.log10(n)) : 8);

  // Circles that would lie over one another become one, the largest first, until none do.
  function mergeGroups(groups, scale) {
    const widest = (2 * groupRadius(1e9)) / scale;
    const cell = (x, y) => x * 67108864 + y;
    let now = groups;
    for (let round = 0; round < 5; round += 1) {
      const cells = new Map();
      const out = [];
      for (const group of [...now].sort((a, b) => b.members.length - a.members.length)) {
        const cx = Math.floor(group.x / widest);
        const cy = Math.floor(group.y / widest);
        let host = null;
        for (let i = cx - 1; i <= cx + 1 && !host; i += 1) {
          for (let j = cy - 1; j <= cy + 1 && !host; j += 1) {
            host = (cells.get(cell(i, j)) || []).find((g) => {
              const both = g.members.length === 1 && group.members.length === 1;
              const room = both ? 15 : 0.8 * (groupRadius(g.members.length) + groupRadius(group.members.length));
              return Math.hypot(g.x - group.x, g.y - group.y) * scale < room;
            });
          }
        }
        if (host) {
          const n = host.members.length;
          const m = group.members.length;
          host.x = (host.x * n + group.x * m) / (n + m);
          host.y = (host.y * n + group.y * m) / (n + m);
          host.members = host.members.concat(group.members);
          continue;
        }
        const id = cell(cx, cy);
        if (cells.has(id)) cells.get(id).push(group);
        else cells.set(id, [group]);
        out.push(group);
      }
      if (out.length === now.length) break;
      now = out;
    }
    return now;
  }

  function groupPoints(doc, zoom) {
    const known = doc.groups.get(zoom);
    if (known) return known;
    const scale = 256 * Math.pow(2, zoom);
    const reach = (zoom >= 14 ? 10 : doc.features.length > 400 ? 42 : 15) / scale;
    const cells = new Map();
    const cell = (x, y) => x * 67108864 + y;
    doc.features.forEach((feature, index) => {
      const id = cell(Math.floor(feature.x / reach), Math.floor(feature.y / reach));
      const list = cells.get(id);
      if (list) list.push(index);
      else cells.set(id, [index]);
    });
    const taken = new Uint8Array(doc.features.length);
    const found = [];
    doc.features.forEach((feature, index) => {
      if (taken[index]) return;
      const cx = Math.floor(feature.x / reach);
      const cy = Math.floor(feature.y / reach);
      const members = [];
      let x = 0;
      let y = 0;
      for (let i = cx - 1; i <= cx + 1; i += 1) {
        for (let j = cy - 1; j <= cy + 1; j += 1) {
          const list = cells.get(cell(i, j));
          if (!list) continue;
          const rest = [];
          for (const other of list) {
            const o = doc.features[other];
            const dx = o.x - feature.x;
            const dy = o.y - feature.y;
            if (dx * dx + dy * dy <= reach * reach) {
              taken[other] = 1;
              members.push(o);
              x += o.x;
              y += o.y;
            } else rest.push(other);
          }
          cells.set(cell(i, j), rest);
        }
      }
      found.push({ members, x: x / members.length, y: y / members.length });
    });
    const out = mergeGroups(found, scale)
      .map((group) => (group.members.length === 1 ? { feature: group.members[0] } : group));
    if (doc.groups.size > 12) doc.groups.clear();
    doc.groups.set(zoom, out);
    return out;
  }

  // ---------------------------------------------------------------- drawing

  const Scene = L.Renderer.extend({
    options: { padding: 0.2, pane: 'overlayPane' },
    _initContainer: function () {
      this._container = document.createElement('canvas');
      this._container.className = 'sk-canvas';
      this._container.setAttribute('aria-hidden', 'true');
      this._ctx = this._container.getContext('2d');
    },
    _destroyContainer: function () {
      this._container.remove();
      delete this._container;
      delete this._ctx;
    },
    _update: function () {
      if (this._map._animatingZoom && this._bounds) return;
      L.Renderer.prototype._update.call(this);
      const size = this._bounds.getSize();
      const ratio = Math.min(window.devicePixelRatio || 1, 2);
      L.DomUtil.setPosition(this._container, this._bounds.min);
      this._container.width = Math.max(1, ratio * size.x);
      this._container.height = Math.max(1, ratio * size.y);
      this._container.style.width = size.x + 'px';
      this._container.style.height = size.y + 'px';
      this.redraw();
    },
    redraw: function () {
      if (!this._ctx || !this._bounds) return;
      const ratio = Math.min(window.devicePixelRatio || 1, 2);
      const ctx = this._ctx;
      ctx.setTransform(1, 0, 0, 1, 0, 0);
      ctx.clearRect(0, 0, this._container.width, this._container.height);
      ctx.setTransform(ratio, 0, 0, ratio, -this._bounds.min.x * ratio, -this._bounds.min.y * ratio);
      const zoom = this._map.getZoom();
      const origin = this._map.getPixelOrigin();
      this.options.paint(ctx, {
        zoom, scale: 256 * Math.pow(2, zoom), ox: origin.x, oy: origin.y, bounds: this._bounds,
      });
    },
  });

  const inView = (box, v) =>
    box[2] * v.scale - v.ox >= v.bounds.min.x && box[0] * v.scale - v.ox <= v.bounds.max.x &&
    box[3] * v.scale - v.oy >= v.bounds.min.y && box[1] * v.scale - v.oy <= v.bounds.max.y;

  function trace(ctx, part, v, close) {
    let lastX = part[0] * v.scale - v.ox;
    let lastY = part[1] * v.scale - v.oy;
    ctx.moveTo(lastX, lastY);
    for (let i = 2; i < part.length; i += 2) {
      const x = part[i] * v.scale - v.ox;
      const y = part[i + 1] * v.scale - v.oy;
      if (Math.abs(x - lastX) + Math.abs(y - lastY) < 1.2 && i < part.length - 2) continue;
      ctx.lineTo(x, y);
      lastX = x;
      lastY = y;
    }
    if (close) ctx.closePath();
  }

  const hatches = new Map();
  function hatch(ctx, colour) {
    if (!hatches.has(colour)) {
      const tile = document.createElement('canvas');
      tile.width = 8;
      tile.height = 8;
      const t = tile.getContext('2d');
      t.strokeStyle = colour;
      t.lineWidth = 1;
      t.beginPath();
      t.moveTo(-2, 10); t.lineTo(10, -2);
      t.moveTo(-2, 2); t.lineTo(2, -2);
      t.moveTo(6, 10); t.lineTo(10, 6);
      t.stroke();
      hatches.set(colour, ctx.createPattern(tile, 'repeat'));
    }
    return hatches.get(colour);
  }

  function paintPolygons(ctx, doc, v, bordersOnly) {
    for (const feature of doc.features) {
      if (!inView(feature.box, v)) continue;
      const style = doc.meta.styles[feature.category];
      ctx.beginPath();
      for (const part of feature.parts) trace(ctx, part, v, true);
      if (!bordersOnly) {
        if (style.opacity > 0) {
          ctx.globalAlpha = style.opacity;
          ctx.fillStyle = style.fill[s.dark];
          ctx.fill('evenodd');
          if (style.pattern === 'hatch') {
            ctx.globalAlpha = 0.4;
            ctx.fillStyle = hatch(ctx, style.stroke[s.dark]);
            ctx.fill('evenodd');
          }
        }
      }
      const chosen = feature.key === s.selected && doc.meta.clickable;
      ctx.globalAlpha = 1;
      ctx.lineJoin = 'round';
      ctx.setLineDash(chosen ? [] : style.dash);
      ctx.lineWidth = chosen ? 4 : style.width;
      ctx.strokeStyle = chosen ? SELECTED[s.dark] : style.stroke[s.dark];
      if (style.width > 0 || chosen) ctx.stroke();
      ctx.setLineDash([]);
    }
    ctx.globalAlpha = 1;
  }

  function curve(feature, v) {
    const p = feature.parts[0];
    const x0 = p[0] * v.scale - v.ox;
    const y0 = p[1] * v.scale - v.oy;
    const x2 = p[2] * v.scale - v.ox;
    const y2 = p[3] * v.scale - v.oy;
    const bow = 0.14 + 0.1 * Math.min(feature.bend, 4); // arrows between the same two points fan out
    const cx = (x0 + x2) / 2 + (y2 - y0) * bow;
    const cy = (y0 + y2) / 2 - (x2 - x0) * bow;
    return { x0, y0, cx, cy, x2, y2, length: Math.hypot(x2 - x0, y2 - y0) };
  }
  const along = (c, t) => [
    (1 - t) * (1 - t) * c.x0 + 2 * (1 - t) * t * c.cx + t * t * c.x2,
    (1 - t) * (1 - t) * c.y0 + 2 * (1 - t) * t * c.cy + t * t * c.y2,
  ];

  function paintArrow(ctx, feature, style, v, chosen, dim) {
    const c = curve(feature, v);
    if (c.length < 10) return;
    const width = (feature.size || style.width) + (chosen ? 2 : 0);
    const colour = chosen ? SELECTED[s.dark] : style.fill[s.dark];
    const stop = Math.max(0.3, 1 - 9 / c.length);
    const [ex, ey] = along(c, stop);
    const [bx, by] = along(c, Math.max(0, stop - (width * 1.6 + 9) / c.length));
    const angle = Math.atan2(ey - by, ex - bx);
    const head = width * 1.2 + 7;
    // de Casteljau: the part of the curve before the head
    const t = Math.max(0.1, stop - (head * 0.7) / c.length);
    const mx = c.x0 + (c.cx - c.x0) * t;
    const my = c.y0 + (c.cy - c.y0) * t;
    const [tx, ty] = along(c, t);
    ctx.lineCap = 'butt';
    for (const pass of [0, 1]) {
      ctx.globalAlpha = (chosen ? 1 : pass ? 0.8 : 0.6) * (dim ? 0.35 : 1);
      ctx.strokeStyle = pass ? colour : PAPER[s.dark];
      ctx.fillStyle = ctx.strokeStyle;
      ctx.lineWidth = width + (pass ? 0 : 1.5);
      ctx.setLineDash(pass ? style.dash : []);
      ctx.beginPath();
      ctx.moveTo(c.x0, c.y0);
      ctx.quadraticCurveTo(mx, my, tx, ty);
      ctx.stroke();
      ctx.setLineDash([]);
      ctx.beginPath();
      ctx.moveTo(ex, ey);
      ctx.lineTo(ex - head * Math.cos(angle - 0.45), ey - head * Math.sin(angle - 0.45));
      ctx.lineTo(ex - head * Math.cos(angle + 0.45), ey - head * Math.sin(angle + 0.45));
      ctx.closePath();
      if (!pass) { ctx.lineWidth = 2.5; ctx.stroke(); }
      ctx.fill();
    }
    if (feature.ringed) ring(ctx, c.x2, c.y2, 12, colour, []);
    ctx.globalAlpha = 1;
  }

  function paintLines(ctx, doc, v) {
    const some = doc.byKey.has(s.selected);
    const order = some ? [...doc.features].sort((a, b) => (a.key === s.selected) - (b.key === s.selected)) : doc.features;
    // the best match stands first in the document and is drawn last
    for (let i = order.length - 1; i >= 0; i -= 1) {
      const feature = some ? order[order.length - 1 - i] : order[i];
      const box = feature.box;
      const pad = doc.meta.arrows ? (box[2] - box[0] + box[3] - box[1]) * 0.3 : 0;
      if (!inView([box[0] - pad, box[1] - pad, box[2] + pad, box[3] + pad], v)) continue;
      const style = doc.meta.styles[feature.category];
      if (doc.meta.arrows) {
        paintArrow(ctx, feature, style, v, feature.key === s.selected, some && feature.key !== s.selected);
        continue;
      }
      ctx.lineJoin = 'round';
      ctx.lineCap = 'round';
      ctx.globalAlpha = style.opacity;
      for (const pass of doc.meta.casing ? [0, 1] : [1]) {
        ctx.beginPath();
        trace(ctx, feature.parts[0], v, false);
        ctx.setLineDash(pass ? style.dash : []);
        ctx.lineWidth = (feature.size || style.width) + (pass ? 0 : 3);
        ctx.strokeStyle = pass ? style.fill[s.dark] : PAPER[s.dark];
        ctx.stroke();
      }
      ctx.setLineDash([]);
    }
    ctx.globalAlpha = 1;
  }

  function shapePath(ctx, style, x, y, r) {
    ctx.beginPath();
    if (!style.corners.length) {
      ctx.arc(x, y, r, 0, 2 * Math.PI);
    } else {
      style.corners.forEach(([cx, cy], i) => (i ? ctx.lineTo(x + r * cx, y + r * cy) : ctx.moveTo(x + r * cx, y + r * cy)));
      ctx.closePath();
    }
  }

  function framePath(ctx, style, x, y, r) {
    ctx.beginPath();
    if (style.frameSquare) ctx.rect(x - r, y - r, 2 * r, 2 * r);
    else ctx.arc(x, y, r, 0, 2 * Math.PI);
  }

  function paintSymbol(ctx, style, x, y) {
    const r = style.radius;
    const fill = style.fill[s.dark];
    const paper = PAPER[s.dark];
    ctx.lineJoin = 'round';
    if (style.frame) {
      framePath(ctx, style, x, y, r + 4.5);
      ctx.fillStyle = paper;
      ctx.globalAlpha = 0.75;
      ctx.fill();
      ctx.globalAlpha = 1;
      ctx.setLineDash(style.frameDash);
      ctx.lineWidth = 1.8;
      ctx.strokeStyle = style.frame[s.dark];
      ctx.stroke();
      ctx.setLineDash([]);
    }
    shapePath(ctx, style, x, y, r);
    ctx.lineWidth = 4.5;
    ctx.strokeStyle = paper;
    ctx.stroke();
    ctx.fillStyle = style.pattern === 'solid' ? fill : paper;
    ctx.fill();
    ctx.lineWidth = 2;
    ctx.strokeStyle = fill;
    ctx.stroke();
    if (style.pattern === 'ring') {
      ctx.beginPath();
      ctx.arc(x, y, r * 0.42, 0, 2 * Math.PI);
      ctx.fillStyle = fill;
      ctx.fill();
    } else if (style.pattern === 'half' || style.pattern === 'hatch') {
      ctx.save();
      shapePath(ctx, style, x, y, r);
      ctx.clip();
      if (style.pattern === 'half') {
        ctx.fillStyle = fill;
        ctx.fillRect(x, y - 2 * r, 2 * r, 4 * r);
      } else {
        ctx.beginPath();
        for (let k = -2; k <= 2; k += 1) {
          ctx.moveTo(x + k * 4 - r, y + r);
          ctx.lineTo(x + k * 4 + r, y - r);
        }
        ctx.lineWidth = 1.5;
        ctx.stroke();
      }
      ctx.restore();
    }
  }

  // A symbol is drawn once and then copied: ten thousand of them cost milliseconds.
  const sprites = new Map();
  function sprite(style) {
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const id = s.dark + '|' + ratio + '|' + JSON.stringify(style);
    if (!sprites.has(id)) {
      if (sprites.size > 300) sprites.clear();
      const half = Math.ceil(style.radius * 1.4 + 8);
      const canvas = document.createElement('canvas');
      canvas.width = canvas.height = 2 * half * ratio;
      const ctx = canvas.getContext('2d');
      ctx.scale(ratio, ratio);
      paintSymbol(ctx, style, half, half);
      sprites.set(id, { canvas, half });
    }
    return sprites.get(id);
  }

  function paintGroup(ctx, doc, group, x, y) {
    const n = group.members.length;
    const r = groupRadius(n) - 2;
    const counts = new Map(); // colour and whether the amount is reported -> how many
    const frames = new Map();
    for (const member of group.members) {
      const style = doc.meta.styles[member.category];
      const part = style.fill[s.dark] + (style.pattern === 'solid' ? '' : ' ');
      counts.set(part, (counts.get(part) || 0) + 1);
      if (style.frame) frames.set(style.frame[0], [(frames.get(style.frame[0]) || [0])[0] + 1, style]);
    }
    ctx.beginPath();
    ctx.arc(x, y, r + 2, 0, 2 * Math.PI);
    ctx.fillStyle = PAPER[s.dark];
    ctx.fill();
    let from = -Math.PI / 2;
    for (const [part, count] of [...counts].sort((a, b) => b[1] - a[1])) {
      const to = from + (2 * Math.PI * count) / n;
      ctx.beginPath();
      ctx.arc(x, y, r - 1, from, to);
      ctx.lineWidth = 5;
      ctx.strokeStyle = part.trim();
      ctx.stroke();
      if (part.endsWith(' ')) { // not reported: a double line, as symbols of it are hollow
        ctx.lineWidth = 1.8;
        ctx.strokeStyle = PAPER[s.dark];
        ctx.stroke();
      }
      from = to;
    }
    const [framed, style] = [...frames.values()].sort((a, b) => b[0] - a[0])[0] || [0];
    if (framed > n / 2) {
      framePath(ctx, style, x, y, r + 4);
      ctx.setLineDash(style.frameDash);
      ctx.lineWidth = 1.8;
      ctx.strokeStyle = style.frame[s.dark];
      ctx.stroke();
      ctx.setLineDash([]);
    }
    ctx.fillStyle = INK[s.dark];
    ctx.font = '600 ' + (n > 999 ? 11 : 12) + 'px ' + FONT;
    ctx.textAlign = 'center';
    ctx.textBaseline = 'middle';
    ctx.fillText(String(n), x, y + 0.5);
    return r + 2;
  }

  function paintPoints(ctx, doc, v, layer) {
    const chosen = doc.byKey.get(s.selected);
    for (const group of groupPoints(doc, v.zoom)) {
      const at = group.feature || group;
      const x = at.x * v.scale - v.ox;
      const y = at.y * v.scale - v.oy;
      if (x < v.bounds.min.x - 20 || y < v.bounds.min.y - 20 || x > v.bounds.max.x + 20 || y > v.bounds.max.y + 20) continue;
      if (group.feature) {
        const style = doc.meta.styles[group.feature.category];
        const image = sprite(style);
        ctx.drawImage(image.canvas, x - image.half, y - image.half, 2 * image.half, 2 * image.half);
        s.items.push({ layer, doc, feature: group.feature, x, y, r: style.radius + 2 });
      } else {
        const r = paintGroup(ctx, doc, group, x, y);
        s.items.push({ layer, doc, group, x, y, r });
      }
    }
    if (chosen) {
      const x = chosen.x * v.scale - v.ox;
      const y = chosen.y * v.scale - v.oy;
      const style = doc.meta.styles[chosen.category];
      ring(ctx, x, y, style.radius + 8, SELECTED[s.dark], []);
      paintSymbol(ctx, style, x, y);
      writeInside(ctx, chosen.title, x, y, style.radius + 16, '600 13px ' + FONT, INK[s.dark]);
      s.items.push({ layer, doc, feature: chosen, x, y, r: style.radius + 8 });
    }
  }

  function ring(ctx, x, y, r, colour, dash) {
    ctx.beginPath();
    ctx.arc(x, y, r, 0, 2 * Math.PI);
    ctx.setLineDash(dash);
    ctx.lineWidth = 6;
    ctx.strokeStyle = PAPER[s.dark];
    ctx.stroke();
    ctx.lineWidth = 3;
    ctx.strokeStyle = colour;
    ctx.stroke();
    ctx.setLineDash([]);
  }

  function write(ctx, text, x, y, font, colour) {
    ctx.font = font;
    ctx.textAlign = 'center';
    ctx.textBaseline = 'middle';
    ctx.lineJoin = 'round';
    ctx.lineWidth = 4;
    ctx.strokeStyle = PAPER[s.dark];
    ctx.strokeText(text, x, y);
    ctx.fillStyle = colour;
    ctx.fillText(text, x, y);
  }

  // A title above a symbol or below it, moved until neither the map's edge nor a button cuts it; what is wider
  // than the map is shortened. A symbol out of sight has no title in sight.
  function writeInside(ctx, text, x, y, away, font, colour) {
    const frame = frameOf(s.map);
    if (x < frame[0] || y < frame[1] || x > frame[2] || y > frame[3]) return;
    ctx.font = font;
    const wide = (words) => ctx.measureText(words).width + 8;
    let title = text;
    while (title.length > 4 && wide(title) > frame[2] - frame[0]) title = title.slice(0, -2).trimEnd() + '\u2026';
    const half = wide(title) / 2;
    const middle = Math.min(Math.max(x, frame[0] + half), frame[2] - half);
    const shifts = [0, 40, -40, 90, -90, 140, -140, 190, -190].map((dx) => middle + dx);
    const places = shifts.flatMap((px) => [[px, y - away], [px, y + away]]);
    const room = findRoom(places, half, frame, controlsOf(s.map)) || [middle, y - away];
    s.labels.push([room[0] - half, room[1] - 9, room[0] + half, room[1] + 9]);
    write(ctx, title, room[0], room[1], font, colour);
  }

  // The first of some places for a text of half the width `half` where nothing stands and no edge cuts it.
  function findRoom(places, half, frame, used) {
    for (const [x, y] of places) {
      const box = [x - half, y - 9, x + half, y + 9];
      if (box[0] < frame[0] || box[1] < frame[1] || box[2] > frame[2] || box[3] > frame[3]) continue;
      if (used.some((u) => box[0] < u[2] && box[2] > u[0] && box[1] < u[3] && box[3] > u[1])) continue;
      used.push(box);
      return [x, y];
    }
    return null;
  }

  // What can be seen, in the pixels that are painted in; the attribution's line below is left free.
  function frameOf(map) {
    const size = map.getSize();
    const corner = map.containerPointToLayerPoint([0, 0]);
    return [corner.x + 2, corner.y + 2, corner.x + size.x - 2, corner.y + size.y - 4 - (s.ui.attribution ? s.ui.attribution.offsetHeight : 16)];
  }

  // Where buttons, panels and the scale stand, in the pixels that are painted in.
  function controlsOf(map) {
    const corner = map.containerPointToLayerPoint([0, 0]);
    const at = map.getContainer().getBoundingClientRect();
    return [...map.getContainer().querySelectorAll('.leaflet-control')].map((node) => {
      const box = node.getBoundingClientRect();
      return [box.left - at.left + corner.x, box.top - at.top + corner.y, box.right - at.left + corner.x, box.bottom - at.top + corner.y];
    });
  }

  function paintNames(ctx, doc, v, used, frame) {
    const least = POPULATION_AT_ZOOM.find(([zoom]) => v.zoom < zoom)[1];
    for (const feature of doc.features) {
      if ((feature.size || 0) < least) break; // largest first
      if (!inView(feature.box, v)) continue;
      const px = feature.x * v.scale - v.ox;
      const py = feature.y * v.scale - v.oy;
      const large = feature.size > 40000;
      const font = (large ? '600 13px ' : '12px ') + FONT;
      ctx.font = font;
      const half = ctx.measureText(feature.title).width / 2 + 3;
      const near = [[0, 0], [0, -16], [0, 16], [half + 12, 0], [-half - 12, 0], [0, -30], [0, 30], [half + 26, 0], [-half - 26, 0],
        [half + 12, -18], [-half - 12, -18], [half + 12, 18], [-half - 12, 18], [half + 42, 0], [-half - 42, 0]];
      const room = findRoom(near.map(([dx, dy]) => [px + dx, py + dy]), half, frame, used);
      if (!room) continue;
      const [x, y] = room;
      ctx.globalAlpha = 0.92;
      ctx.lineJoin = 'round';
      ctx.lineWidth = 3;
      ctx.textAlign = 'center';
      ctx.textBaseline = 'middle';
      const style = doc.meta.styles[feature.category];
      ctx.strokeStyle = style.stroke[s.dark];
      ctx.strokeText(feature.title, x, y);
      ctx.fillStyle = style.fill[s.dark];
      ctx.fillText(feature.title, x, y);
      ctx.globalAlpha = 1;
    }
  }

  const shownBase = (v) => s.base.filter((entry) => entry.doc && v.zoom >= entry.low && v.zoom < entry.high);

  function paintBase(ctx, v) {
    for (const { doc } of shownBase(v)) {
      if (doc.meta.kind === 'polygons') paintPolygons(ctx, doc, v, s.tilesOn);
      else if (doc.meta.kind === 'lines' && !s.tilesOn) paintLines(ctx, doc, v);
    }
  }

  // Titles of areas: above, below or beside them, where nothing else stands.
  function paintTitles(ctx, doc, v, used, frame) {
    const font = '600 12px ' + FONT;
    for (const feature of doc.features) {
      if (!inView(feature.box, v)) continue;
      const [left, top, right, bottom] = [0, 1, 2, 3].map((k) => feature.box[k] * v.scale - (k % 2 ? v.oy : v.ox));
      ctx.font = font;
      const half = ctx.measureText(feature.title).width / 2 + 3;
      const middle = (left + right) / 2;
      const places = [[middle, top - 10], [middle, bottom + 10], [right + half, (top + bottom) / 2], [left - half, (top + bottom) / 2]];
      const room = findRoom(places, half, frame, used);
      if (room) write(ctx, feature.title, ...room, font, doc.meta.styles[feature.category].stroke[s.dark]);
    }
  }

  function paintData(ctx, v) {
    s.items = [];
    s.labels = [];
    const visible = s.layers.filter((layer) => !s.hidden.has(layer.doc.meta.key));
    for (const layer of visible) {
      if (layer.doc.meta.kind === 'polygons') paintPolygons(ctx, layer.doc, v, false);
      else if (layer.doc.meta.kind === 'lines') paintLines(ctx, layer.doc, v);
      else paintPoints(ctx, layer.doc, v, layer);
    }
    const used = [
      ...s.items.map((item) => [item.x - item.r, item.y - item.r, item.x + item.r, item.y + item.r]),
      ...s.labels, ...controlsOf(s.map),
    ];
    const frame = frameOf(s.map);
    if (v.zoom >= TITLES_FROM_ZOOM) {
      for (const layer of visible) {
        if (layer.doc.meta.labelled) paintTitles(ctx, layer.doc, v, used, frame);
      }
    }
    if (!s.tilesOn) { // names of places stand above the data, beside the symbols
      for (const { doc } of shownBase(v)) {
        if (doc.meta.kind === 'points') paintNames(ctx, doc, v, used, frame);
      }
    }
    if (s.cursor) {
      const at = s.cursor.group || s.cursor.feature;
      ring(ctx, at.x * v.scale - v.ox, at.y * v.scale - v.oy, s.cursor.r + 6, INK[s.dark], [5, 4]);
    }
  }

  // ---------------------------------------------------------------- finding what is under the pointer

  function insideRings(feature, x, y) {
    if (x < feature.box[0] || x > feature.box[2] || y < feature.box[1] || y > feature.box[3]) return false;
    let inside = false;
    for (const p of feature.parts) {
      for (let i = 0, j = p.length - 2; i < p.length; j = i, i += 2) {
        if (p[i + 1] > y !== p[j + 1] > y && x < ((p[j] - p[i]) * (y - p[i + 1])) / (p[j + 1] - p[i + 1]) + p[i]) inside = !inside;
      }
    }
    return inside;
  }

  function find(map, latlng, slack) {
    const point = map.latLngToLayerPoint(latlng);
    for (let i = s.items.length - 1; i >= 0; i -= 1) {
      const item = s.items[i];
      if (Math.hypot(item.x - point.x, item.y - point.y) <= item.r + slack) return item;
    }
    const origin = map.getPixelOrigin();
    const v = { scale: 256 * Math.pow(2, map.getZoom()), ox: origin.x, oy: origin.y };
    const visible = s.layers.filter((layer) => !s.hidden.has(layer.doc.meta.key)).reverse();
    for (const layer of visible) {
      if (layer.doc.meta.kind !== 'lines' || !layer.doc.meta.arrows) continue;
      let best = null;
      for (const feature of layer.doc.features) {
        const c = curve(feature, v);
        if (c.length < 10) continue;
        const steps = Math.min(80, Math.max(8, Math.ceil(c.length / 6)));
        for (let k = 0; k <= steps; k += 1) {
          const [x, y] = along(c, k / steps);
          const distance = Math.hypot(x - point.x, y - point.y) - (feature.size || 2) / 2;
          if (distance <= 3 + slack && (!best || distance < best.distance)) best = { distance, feature };
        }
      }
      if (best) return { layer, doc: layer.doc, feature: best.feature, at: latlng, r: 6 };
    }
    const x = mercatorX(latlng.lng);
    const y = mercatorY(latlng.lat);
    for (const layer of visible) {
      if (layer.doc.meta.kind !== 'polygons' || !layer.doc.meta.clickable) continue;
      for (let i = layer.doc.features.length - 1; i >= 0; i -= 1) {
        const feature = layer.doc.features[i];
        if (insideRings(feature, x, y)) return { layer, doc: layer.doc, feature, at: latlng, r: 6 };
      }
    }
    return null;
  }

  // ---------------------------------------------------------------- words

  function element(tag, text, className) {
    const node = document.createElement(tag);
    if (text !== undefined) node.textContent = text;
    if (className) node.className = className;
    return node;
  }
  const t = (name) => s.texts[name] || '';

  function headline(item) {
    return item.group
      ? item.group.members.length + ' ' + (item.doc.meta.hint || t('here'))
      : item.feature.title || item.doc.meta.categories[item.feature.category] || '';
  }

  function describe(item) {
    const box = element('div', undefined, 'sk-popup');
    box.append(element('h2', headline(item)));
    const list = element('dl');
    item.doc.meta.headings.forEach((heading, i) => {
      if (!item.feature.details[i]) return;
      list.append(element('dt', heading), element('dd', item.feature.details[i]));
    });
    box.append(list);
    return box;
  }

  function listMembers(map, item) {
    const box = element('div', undefined, 'sk-popup');
    box.append(element('h2', headline(item)));
    const list = element('ul');
    const shown = item.group.members.slice(0, 40);
    for (const feature of shown) {
      const row = element('li');
      const button = element('button', feature.title);
      button.type = 'button';
      button.addEventListener('click', () => choose(map, { layer: item.layer, doc: item.doc, feature, r: 8 }));
      row.append(button);
      list.append(row);
    }
    box.append(list);
    if (item.group.members.length > shown.length) {
      box.append(element('p', t('more').replace('{count}', item.group.members.length - shown.length)));
    }
    return box;
  }

  function say(text) {
    s.ui.live.textContent = '';
    window.setTimeout(() => { s.ui.live.textContent = text; }, 30);
  }

  // ---------------------------------------------------------------- choosing

  function placeOf(item) {
    const at = item.group || item.feature;
    return item.at || toLatLng(at.x, at.y);
  }

  function openPopup(map, item, content, focus) {
    s.popupKey = item.feature ? item.feature.key : null;
    s.popup.setLatLng(placeOf(item)).setContent(content);
    map.openPopup(s.popup);
    const close = s.popup.getElement() && s.popup.getElement().querySelector('.leaflet-popup-close-button');
    if (close) {
      close.setAttribute('aria-label', t('close'));
      close.title = t('close');
    }
    if (focus) {
      const first = content.querySelector('button');
      if (first) first.focus();
    }
  }

  function choose(map, item) {
    map.closeTooltip(s.tip);
    if (item.group) {
      activateGroup(map, item, false);
      return;
    }
    s.selected = item.feature.key;
    s.scene.redraw();
    if (item.doc.meta.kind !== 'polygons' || item.doc.meta.labelled) openPopup(map, item, describe(item), false);
    else map.closePopup();
    say(t('selected') + ': ' + headline(item));
    report(item.doc.meta.key, item.feature.key);
  }

  function activateGroup(map, item, focus) {
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (const m of item.group.members) {
      box[0] = Math.min(box[0], m.x);
      box[1] = Math.min(box[1], m.y);
      box[2] = Math.max(box[2], m.x);
      box[3] = Math.max(box[3], m.y);
    }
    const span = Math.max(box[2] - box[0], box[3] - box[1]) * 256 * Math.pow(2, 14);
    if (span > 24 && map.getZoom() < 14) {
      map.fitBounds(L.latLngBounds(toLatLng(box[0], box[1]), toLatLng(box[2], box[3])), {
        padding: [50, 50], maxZoom: Math.max(14, map.getZoom() + 1),
      });
    } else openPopup(map, item, listMembers(map, item), focus);
  }

  // Back to the page the way streamlit-folium reports a click, with a stamp so that the same object can be
  // clicked twice, and at once instead of after its delay.
  function report(layer, key) {
    const value = layer + ':' + key + ':' + Date.now().toString(36);
    const data = { last_object_clicked_tooltip: value };
    const shared = window.__GLOBAL_DATA__;
    if (shared) {
      shared.last_object_clicked_tooltip = value;
      shared.previous_data = data;
    }
    if (window.Streamlit) window.Streamlit.setComponentValue(data);
  }

  function step(map, direction) {
    const size = map.getSize();
    const inside = s.items
      .filter((item) => {
        const p = map.layerPointToContainerPoint([item.x, item.y]);
        return p.x >= 0 && p.y >= 0 && p.x <= size.x && p.y <= size.y;
      })
      .sort((a, b) => a.x - b.x || a.y - b.y);
    if (!inside.length) {
      say(t('nothing'));
      return;
    }
    let index = direction > 0 ? 0 : inside.length - 1;
    if (s.cursor) {
      const at = s.cursor.group || s.cursor.feature;
      const now = inside.findIndex((item) => (item.group || item.feature) === at);
      if (now >= 0) index = (now + direction + inside.length) % inside.length;
    }
    s.cursor = inside[index];
    s.scene.redraw();
    showTip(map, s.cursor, placeOf(s.cursor));
    say(headline(s.cursor) + (s.cursor.feature ? '. ' + s.cursor.feature.details.filter(Boolean).join(', ') : ''));
  }

  function showTip(map, item, latlng) {
    const content = element('div');
    const heading = element('strong', headline(item));
    content.append(heading);
    if (item.feature && item.feature.details[0]) content.append(element('br'), element('span', item.feature.details[0]));
    s.tip.setLatLng(latlng).setContent(content);
    map.openTooltip(s.tip);
  }

  // ---------------------------------------------------------------- controls

  function panel(map, position, node) {
    const control = L.control({ position });
    control.onAdd = () => {
      L.DomEvent.disableClickPropagation(node);
      L.DomEvent.disableScrollPropagation(node);
      return node;
    };
    control.addTo(map);
    return node;
  }

  function button(sign, name, act) {
    const node = element('button', sign);
    node.type = 'button';
    node.dataset.text = name;
    node.addEventListener('click', act);
    return node;
  }

  function addControls(map) {
    const buttons = element('div', undefined, 'sk-panel sk-buttons');
    buttons.append(
      button('+', 'zoom_in', () => map.zoomIn()),
      button('\u2212', 'zoom_out', () => map.zoomOut()),
      button('\u2302', 'home', () => goHome(map)),
      button('\u2039', 'previous', () => step(map, -1)),
      button('\u203a', 'next', () => step(map, 1)),
    );
    panel(map, 'topleft', buttons);

    const details = element('details', undefined, 'sk-panel sk-layers');
    s.ui.layersTitle = element('summary', '');
    const fieldset = element('fieldset');
    s.ui.layersLegend = element('legend', '', 'sk-hidden');
    s.ui.layersList = element('div');
    fieldset.append(s.ui.layersLegend, s.ui.layersList);
    details.append(s.ui.layersTitle, fieldset);
    panel(map, 'topright', details);

    s.ui.message = element('div', '', 'sk-panel sk-message');
    s.ui.message.setAttribute('role', 'alert');
    panel(map, 'topright', s.ui.message);
    L.control.scale({ imperial: false, position: 'bottomleft' }).addTo(map);
    s.ui.attribution = panel(map, 'bottomright', element('div', '', 'leaflet-control-attribution sk-attribution'));
    s.ui.live = element('div', '', 'sk-hidden');
    s.ui.live.setAttribute('role', 'status');
    s.ui.live.setAttribute('aria-live', 'polite');
    s.ui.heading = element('h1', '', 'sk-hidden');
    s.ui.help = element('p', '', 'sk-hidden');
    s.ui.help.id = 'sk-help';
    const root = document.getElementById('root') || document.body;
    root.setAttribute('role', 'main');
    root.prepend(s.ui.heading, s.ui.help, s.ui.live);
    document.querySelectorAll('body > span').forEach((node) => node.remove());
  }

  function checkbox(text, checked, change) {
    const label = element('label');
    const input = element('input');
    input.type = 'checkbox';
    input.checked = checked;
    input.addEventListener('change', () => change(input.checked));
    label.append(input, element('span', text));
    return label;
  }

  function listLayers(map) {
    s.ui.layersList.replaceChildren(
      ...s.layers.map(({ doc }) =>
        checkbox(doc.meta.title, !s.hidden.has(doc.meta.key), (on) => {
          if (on) s.hidden.delete(doc.meta.key);
          else s.hidden.add(doc.meta.key);
          s.cursor = null;
          s.scene.redraw();
        })),
      ...(s.tiles ? [checkbox(t('base'), s.tilesOn, (on) => useTiles(map, on))] : []),
    );
  }

  function applyTexts(map) {
    document.documentElement.lang = s.content.lang;
    document.title = t('frame');
    s.ui.heading.textContent = t('title');
    s.ui.help.textContent = t('help');
    s.ui.layersTitle.textContent = t('layers');
    s.ui.layersLegend.textContent = t('layers');
    document.querySelectorAll('button[data-text]').forEach((node) => {
      node.title = t(node.dataset.text);
      node.setAttribute('aria-label', t(node.dataset.text));
    });
    const container = map.getContainer();
    container.setAttribute('role', 'region');
    container.setAttribute('aria-label', t('title'));
    container.setAttribute('aria-describedby', 'sk-help');
    const attribution = [element('span', t('attribution'))];
    if (s.tilesOn) {
      const link = element('a', '\u00a9 Kartverket');
      link.href = 'https://www.kartverket.no/';
      link.target = '_blank';
      link.rel = 'noopener noreferrer';
      attribution.unshift(link, document.createTextNode(' \u00b7 '));
    }
    s.ui.attribution.replaceChildren(...attribution);
    try { // the frame's own title is fixed by Streamlit; a page of another origin would refuse this
      if (window.frameElement) window.frameElement.title = t('title');
    } catch (refused) { /* then the fixed one stays */ }
  }

  // ---------------------------------------------------------------- tiles, only where they can be reached

  function useTiles(map, on) {
    s.tilesOn = on;
    if (on) s.tiles.addTo(map);
    else s.tiles.remove();
    s.ground.redraw();
    s.scene.redraw();
    applyTexts(map);
  }

  function probeTiles(map) {
    const image = new Image();
    let done = false;
    const settle = (reached) => {
      if (done) return;
      done = true;
      if (!reached) return;
      s.tiles = L.tileLayer(TILES, { maxZoom: 18, maxNativeZoom: 18, keepBuffer: 4 });
      useTiles(map, true);
      listLayers(map);
    };
    image.onload = () => settle(true);
    image.onerror = () => settle(false);
    window.setTimeout(() => settle(false), PROBE_MS);
    image.src = PROBE;
  }

  // ---------------------------------------------------------------- view

  function fit(map, bounds) {
    const size = map.getSize();
    if (size.x < 2 || size.y < 2) {
      s.pendingFit = bounds;
      return;
    }
    s.pendingFit = null;
    const narrow = size.x < 480;
    map.fitBounds([[bounds[0], bounds[1]], [bounds[2], bounds[3]]], {
      animate: false, maxZoom: 13, paddingTopLeft: [narrow ? 16 : 56, 24], paddingBottomRight: [narrow ? 16 : 32, 30],
    });
  }

  function extent() {
    const strong = s.layers.filter((l) => l.doc.meta.bounds && l.doc.meta.kind !== 'polygons');
    const all = (strong.length ? strong : s.layers.filter((l) => l.doc.meta.bounds)).map((l) => l.doc.meta.bounds);
    if (!all.length) return null;
    return [
      Math.min(...all.map((b) => b[0])), Math.min(...all.map((b) => b[1])),
      Math.max(...all.map((b) => b[2])), Math.max(...all.map((b) => b[3])),
    ];
  }

  /* Where nearly all points lie: a few far away would make the rest small at first sight. */
  function densest() {
    const points = s.layers.filter((l) => l.doc.meta.kind === 'points').flatMap((l) => l.doc.features);
    const all = extent();
    if (!all || points.length < 30) return all;
    const inner = (values) => {
      const sorted = Float64Array.from(values).sort();
      const drop = Math.floor(sorted.length * 0.03);
      return [sorted[drop], sorted[sorted.length - 1 - drop]];
    };
    const [west, east] = inner(points.map((p) => p.x));
    const [north, south] = inner(points.map((p) => p.y));
    const [low, high] = [toLatLng(west, south), toLatLng(east, north)];
    return [low.lat, low.lng, high.lat, high.lng];
  }

  function goHome(map) {
    const bounds = (s.content && s.content.bounds) || extent();
    if (bounds) fit(map, bounds);
  }

  function place(map) {
    const asked = s.content.bounds;
    const wanted = asked ? JSON.stringify(asked) : null;
    if (wanted && wanted !== s.fitted) fit(map, asked);
    else if (!wanted && !s.started) {
      const all = densest();
      if (all) fit(map, all);
    }
    s.fitted = wanted;
    if (s.layers.length) s.started = true;
  }

  function bringIntoView(map) {
    const layer = s.layers.find(({ doc }) => doc.byKey.has(s.selected));
    if (!layer) return;
    const feature = layer.doc.byKey.get(s.selected);
    const bounds = L.latLngBounds(
      toLatLng(feature.box[0], feature.box[1]), toLatLng(feature.box[2], feature.box[3]));
    if (map.getBounds().pad(-0.08).contains(bounds)) return;
    if (feature.parts) map.fitBounds(bounds, { animate: false, padding: [40, 40], maxZoom: Math.max(map.getZoom(), 9) });
    else map.setView(bounds.getCenter(), Math.max(map.getZoom(), 8), { animate: false });
  }

  function loadBase(map) {
    const zoom = map.getZoom();
    for (const entry of s.base) {
      if (entry.asked || zoom < entry.low || zoom >= entry.high) continue;
      entry.asked = true;
      load(entry.address, prepare).then((doc) => {
        entry.doc = doc;
        s.ground.redraw();
        if (doc.meta.kind === 'points') s.scene.redraw();
      }, () => { entry.asked = false; });
    }
  }

  // ---------------------------------------------------------------- the two doors

  function start(map) {
    s.map = map;
    if (window.matchMedia('(prefers-reduced-motion: reduce)').matches) {
      map._zoomAnimated = false;
      map.options.inertia = false;
    }
    map.createPane('sk-ground').style.zIndex = 250;
    map.createPane('sk-data').style.zIndex = 450;
    map.getPane('sk-ground').style.pointerEvents = 'none';
    map.getPane('sk-data').style.pointerEvents = 'none';
    s.ground = new Scene({ pane: 'sk-ground', paint: paintBase }).addTo(map);
    s.scene = new Scene({ pane: 'sk-data', paint: paintData }).addTo(map);
    s.tip = L.tooltip({ className: 'sk-tip', direction: 'top', offset: [0, -12], opacity: 1 });
    s.popup = L.popup({ maxWidth: 300, autoPanPadding: [20, 20] });
    addControls(map);

    let pending = null;
    map.on('mousemove', (event) => {
      if (event.originalEvent.target.closest('.leaflet-control, .leaflet-popup')) {
        pending = null;
        map.closeTooltip(s.tip);
        return;
      }
      const waiting = pending !== null;
      pending = event.latlng;
      if (waiting) return;
      window.requestAnimationFrame(() => {
        const latlng = pending;
        pending = null;
        const item = latlng && find(map, latlng, 3);
        map.getContainer().classList.toggle('sk-pointing', Boolean(item));
        if (item && (item.doc.meta.kind !== 'polygons' || map.getZoom() >= 6)) showTip(map, item, item.at || placeOf(item));
        else map.closeTooltip(s.tip);
      });
    });
    map.on('mouseout', () => { pending = null; map.closeTooltip(s.tip); });
    map.on('click', (event) => {
      const coarse = window.matchMedia('(pointer: coarse)').matches;
      const item = find(map, event.latlng, coarse ? 12 : 5);
      if (item) choose(map, item);
    });
    map.on('movestart', () => map.closeTooltip(s.tip));
    map.on('zoomend', () => { s.cursor = null; loadBase(map); });
    map.on('popupclose', () => { s.popupKey = null; });
    map.getContainer().addEventListener('keydown', (event) => {
      if (event.target !== map.getContainer() || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === 'n' || event.key === 'N') step(map, 1);
      else if (event.key === 'p' || event.key === 'P') step(map, -1);
      else if (event.key === 'Enter' && s.cursor) {
        if (s.cursor.group) activateGroup(map, s.cursor, true);
        else choose(map, s.cursor);
      } else if (event.key === 'Escape') {
        s.cursor = null;
        s.scene.redraw();
      } else return;
      event.preventDefault();
    });
    new ResizeObserver(() => {
      map.invalidateSize({ animate: false });
      if (s.pendingFit) fit(map, s.pendingFit);
    }).observe(map.getContainer());
  }

  function show(map, content) {
    const turn = (s.turn += 1);
    const first = s.content === null;
    const retexted = first || s.content.texts !== content.texts || s.content.lang !== content.lang;
    const rethemed = first || s.content.theme !== content.theme;
    s.content = content;
    if (rethemed) {
      s.dark = content.theme === 'dark' ? 1 : 0;
      document.documentElement.classList.toggle('sk-dark', content.theme === 'dark');
    }
    if (first && content.tiles) probeTiles(map);
    const words = retexted
      ? load(content.texts, (json) => json).then((texts) => { s.texts = texts; applyTexts(map); })
      : Promise.resolve();
    if (first || JSON.stringify(s.base.map((b) => b.address)) !== JSON.stringify(content.base.map((b) => b[0]))) {
      s.base = content.base.map(([address, low, high]) => ({ address, low, high, asked: false, doc: null }));
      loadBase(map);
    }
    Promise.all([words, ...content.layers.map((address) => load(address, prepare))]).then(([, ...docs]) => {
      if (turn !== s.turn) return; // a newer content came meanwhile
      s.layers = docs.map((doc) => ({ doc }));
      s.cursor = null;
      s.ui.message.textContent = '';
      map.closeTooltip(s.tip);
      const known = (key) => docs.some((doc) => doc.byKey.has(key));
      if (s.popupKey && !known(s.popupKey)) map.closePopup();
      const changed = content.selected !== s.selected;
      s.selected = content.selected;
      place(map);
      if (changed && s.selected) bringIntoView(map);
      if (rethemed) s.ground.redraw();
      s.scene.redraw();
      listLayers(map);
      const container = map.getContainer();
      container.dataset.features = docs.reduce((sum, doc) => sum + doc.features.length, 0);
      container.dataset.drawn = turn;
    }).catch(() => {
      if (turn === s.turn) s.ui.message.textContent = t('failed') || 'Kartlaget kunne ikke hentes.';
    });
  }

  /* Where a feature stands in the frame, pixels: for whoever drives the map from outside (tests). */
  function locate(key) {
    for (const { doc } of s.layers) {
      const feature = doc.byKey.get(key);
      if (feature) return s.map.latLngToContainerPoint(toLatLng(feature.x, feature.y));
    }
    return null;
  }

  window.symbiosekart = { start, show, locate };
})();
