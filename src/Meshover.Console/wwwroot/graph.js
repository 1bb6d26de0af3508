// Draws the mesh with Cytoscape.js. Places follow from names and sites alone, so that nothing jumps when something changes.

const read = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function look() {
  const ink = read('--ink'), soft = read('--soft'), paper = read('--card');
  const line = (health, color, style, width) => ({ selector: `edge[health="${health}"]`, style: { 'line-color': color, 'line-style': style, width } });
  const point = (health, color, shape) => ({ selector: `node[health="${health}"]`, style: { 'background-color': color, shape } });
  return [
    { selector: 'node', style: { label: 'data(label)', color: ink, 'font-size': 13, 'font-weight': 600, 'text-valign': 'bottom', 'text-margin-y': 7, width: 30, height: 30, 'font-family': 'system-ui, sans-serif', 'border-width': 3, 'border-color': paper, 'text-wrap': 'wrap', 'text-background-color': paper, 'text-background-opacity': 0.85, 'text-background-padding': 2 } },
    { selector: 'node[?transit]', style: { 'border-color': read('--accent'), 'border-width': 3 } },
    { selector: 'node[members > 1]', style: { width: 'mapData(members, 2, 100, 40, 80)', height: 'mapData(members, 2, 100, 40, 80)' } },
    { selector: 'node.site', style: { label: 'data(label)', shape: 'round-rectangle', 'background-color': read('--accent'), 'background-opacity': 0.06, 'border-width': 1, 'border-color': read('--line'), color: soft, 'text-valign': 'top', 'text-margin-y': -6, 'font-weight': 400, padding: 26 } },
    { selector: 'edge', style: { 'curve-style': 'straight', width: 1.5, label: 'data(label)', 'font-size': 11, color: soft, 'text-background-color': paper, 'text-background-opacity': 1, 'text-background-padding': 3, 'font-family': 'system-ui, sans-serif' } },
    point('fine', read('--fine'), 'ellipse'), point('warning', read('--warning'), 'round-triangle'), point('bad', read('--bad'), 'round-rectangle'), point('unknown', read('--unknown'), 'round-diamond'),
    line('fine', read('--fine'), 'solid', 'mapData(flow, 0, 1, 1.5, 9)'), line('warning', read('--warning'), 'dashed', 2), line('bad', read('--bad'), 'dashed', 3), line('unknown', read('--unknown'), 'dotted', 1.5),
    { selector: '.dim', style: { opacity: 0.18 } },
    { selector: 'node:selected', style: { 'overlay-opacity': 0 } },
  ];
}

const around = (i, n, radius, cx = 0, cy = 0) => {
  const angle = (2 * Math.PI * i) / n - Math.PI / 2;
  return { x: cx + radius * Math.cos(angle), y: cy + radius * Math.sin(angle) };
};
const ring = n => (n < 2 ? 0 : Math.max(120, (n * 74) / (2 * Math.PI)));

function places(nodes) {
  const at = new Map();
  const sites = [...new Set(nodes.map(node => node.site))].sort();
  const groups = sites.map(site => nodes.filter(node => node.site === site).sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true })));
  const widest = Math.max(...groups.map(group => ring(group.length)));
  const apart = sites.length < 2 ? 0 : Math.max(2 * widest + 90, (sites.length * (2 * widest + 120)) / (2 * Math.PI));
  groups.forEach((group, g) => {
    const middle = sites.length < 2 ? { x: 0, y: 0 } : around(g, sites.length, apart);
    group.forEach((node, i) => at.set(node.id, around(i, group.length, ring(group.length), middle.x, middle.y)));
  });
  return at;
}

function elements(picture) {
  const at = places(picture.nodes);
  const sites = [...new Set(picture.nodes.map(node => node.site))].filter(site => site && picture.nodes.some(node => node.members === 1));
  const crowded = picture.links.length > 60;
  return [
    ...sites.map(site => ({ group: 'nodes', data: { id: `site:${site}`, label: site }, classes: 'site', selectable: false, grabbable: false })),
    ...picture.nodes.map(node => ({ group: 'nodes', data: { id: node.id, label: node.name, health: node.health, members: node.members, transit: node.transit, parent: sites.includes(node.site) ? `site:${node.site}` : undefined }, position: at.get(node.id) })),
    ...picture.links.map(link => ({ group: 'edges', data: { id: link.id, source: link.from, target: link.to, health: link.health, flow: link.flow, label: crowded ? '' : link.label } })),
  ];
}

export async function draw(container, library, picture, page) {
  const { default: cytoscape } = await import(library);
  const graph = cytoscape({ container, elements: elements(picture), style: look(), layout: { name: 'preset' }, minZoom: 0.05, maxZoom: 3, wheelSensitivity: 0.4, autoungrabify: true, boxSelectionEnabled: false });
  const fit = () => { graph.resize(); graph.fit(undefined, 48); if (graph.zoom() > 1.4) { graph.zoom(1.4); graph.center(); } };
  const restyle = () => graph.style(look());
  const told = () => { container.dataset.nodes = graph.nodes('[health]').map(node => node.data('label')).sort().join(' '); container.dataset.bad = graph.edges('[health="bad"]').length; };
  const resized = new ResizeObserver(fit);
  const dark = matchMedia('(prefers-color-scheme: dark)');
  let sought = '';
  const find = text => {
    sought = text.trim().toLowerCase();
    graph.elements().removeClass('dim');
    if (!sought) return;
    const hits = graph.nodes('[health]').filter(node => node.data('label').toLowerCase().includes(sought));
    graph.elements().not('.site').not(hits).not(hits.connectedEdges()).addClass('dim');
  };
  graph.on('tap', 'node[health]', event => page.invokeMethodAsync('Choose', event.target.id()));
  addEventListener('meshover-theme', restyle);
  dark.addEventListener('change', restyle);
  resized.observe(container);
  fit();
  told();
  return {
    update(next) {
      const wanted = elements(next);
      const ids = new Set(wanted.map(element => element.data.id));
      const before = graph.nodes().length;
      let isNew = false;
      graph.batch(() => {
        graph.elements().filter(element => !ids.has(element.id())).remove();
        for (const element of wanted) {
          const known = graph.getElementById(element.data.id);
          if (known.empty()) { graph.add(element); isNew ||= element.group === 'nodes'; continue; }
          known.data(element.data);
          if (element.position && !known.isParent()) known.position(element.position);
        }
      });
      if (isNew || graph.nodes().length !== before) fit();
      if (sought) find(sought);
      told();
    },
    find,
    zoom(factor) { graph.zoom({ level: graph.zoom() * factor, renderedPosition: { x: graph.width() / 2, y: graph.height() / 2 } }); },
    fit,
    end() {
      resized.disconnect();
      removeEventListener('meshover-theme', restyle);
      dark.removeEventListener('change', restyle);
      graph.destroy();
    },
  };
}
