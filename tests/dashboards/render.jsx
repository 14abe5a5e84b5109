// A page with a dashboard on it, drawn from the same JSON that Grafana reads, by Grafana's own components. The strips of
// state timelines and the marks of annotations are drawn here, since Grafana does not publish those parts; tables are not sorted.
import {createTheme, getDisplayValueAlignmentFactors, getFieldDisplayValues, renderMarkdown, ThemeContext} from '@grafana/data';
import {BarGauge, BigValue, GlobalStyles, PanelChrome, TimeSeries, VizRepeater} from '@grafana/ui';
import {TableNG} from '@grafana/ui/unstable';
import {useLayoutEffect} from 'react';
import {createRoot} from 'react-dom/client';
import {fillIn, framesOf, timeRange} from './frames.js';

const {dashboard, answers, range, values, mode} = window.SHOWN;
const theme = createTheme({colors: {mode}});
const color = (name) => theme.visualization.getColorByName(name);
const [COLUMNS, WIDTH, UNIT, GAP, TOP] = [24, 1600, 30, 8, 56];

const same = (text) => text;
const displays = (panel, data) => getFieldDisplayValues({
  data, fieldConfig: panel.fieldConfig, reduceOptions: panel.options.reduceOptions, replaceVariables: same, theme, timeZone: 'utc',
});

// Grafana marks a region where points follow each other, and a line where one stands alone.
function marks() {
  return dashboard.annotations.list.flatMap((note) => answers[note.name].flatMap(({values: points}) => {
    const found = [];
    for (const [time] of points) {
      const last = found[found.length - 1];
      if (last && time - last.end <= range.step) last.end = time;
      else found.push({begin: time, end: time, color: color(note.iconColor)});
    }
    return found;
  }));
}

function Marks({config}) {
  useLayoutEffect(() => {
    config.addHook('draw', (plot) => {
      const {ctx, bbox} = plot;
      ctx.save();
      ctx.setLineDash([4, 4]);
      for (const mark of marks()) {
        const from = Math.max(plot.valToPos(mark.begin * 1000, 'x', true), bbox.left);
        const to = plot.valToPos(mark.end * 1000, 'x', true);
        ctx.strokeStyle = ctx.fillStyle = mark.color;
        ctx.globalAlpha = 0.5;
        ctx.beginPath();
        ctx.moveTo(from, bbox.top);
        ctx.lineTo(from, bbox.top + bbox.height);
        ctx.stroke();
        ctx.globalAlpha = 1;
        ctx.fillRect(from - 3, bbox.top + bbox.height, Math.max(to - from, 6), 4);
      }
      ctx.restore();
    });
  }, [config]);
  return null;
}

function Strips({panel, frames, width, height}) {
  const words = panel.fieldConfig.defaults.mappings[0].options;
  const name = Math.min(190, width / 3);
  const scale = (width - name - 8) / (range.end - range.begin);
  const rows = frames.map((frame) => {
    const [times, states] = frame.fields.map((field) => field.values);
    const runs = [];
    times.forEach((time, at) => {
      const last = runs[runs.length - 1];
      if (last && last.state === states[at]) last.end = time / 1000 + range.step;
      else runs.push({state: states[at], begin: time / 1000, end: time / 1000 + range.step});
    });
    return {name: frame.fields[1].config.displayNameFromDS, runs: runs.filter(({state}) => state !== null)};
  });
  const tall = Math.min(height / rows.length, 44);
  return <svg width={width} height={height} fontFamily={theme.typography.fontFamily} fontSize={11}>
    {rows.map((row, at) => <g key={row.name} transform={`translate(0 ${at * tall})`}>
      <text x={name - 8} y={tall / 2 + 4} textAnchor="end" fill={theme.colors.text.primary}>{row.name}</text>
      {row.runs.map(({state, begin, end}) => <g key={begin}>
        <rect x={name + (begin - range.begin) * scale} y={tall * 0.1} height={tall * 0.8} opacity={0.75}
          width={Math.max(0, Math.min(end, range.end) - begin) * scale} fill={color(words[state].color)}/>
        {tall > 14 && (end - begin) * scale > 60 &&
          <text x={name + (begin - range.begin) * scale + 6} y={tall / 2 + 4} fill="#111">{words[state].text}</text>}
      </g>)}
    </g>)}
  </svg>;
}

const kinds = {
  stat: ({panel, frames, width, height}) => {
    const [shown] = displays(panel, frames);
    return <BigValue {...panel.options} value={shown ? shown.display : {text: panel.fieldConfig.defaults.noValue, numeric: NaN,
      color: theme.colors.background.secondary}} theme={theme} width={width} height={height}/>;
  },
  timeseries: ({panel, frames, width, height}) => <TimeSeries frames={frames} legend={panel.options.legend} width={width}
    height={height} timeRange={timeRange(range)} timeZone="utc" structureRev={1}>
    {(config) => <Marks config={config}/>}
  </TimeSeries>,
  bargauge: ({panel, frames, width, height}) => <VizRepeater width={width} height={height} orientation="horizontal" source={frames}
    getValues={() => displays(panel, frames)} itemSpacing={8} minVizHeight={16}
    getAlignmentFactors={getDisplayValueAlignmentFactors}
    renderValue={({value, width, height, orientation, alignmentFactors}) => <BarGauge theme={theme} width={width} height={height}
      orientation={orientation} value={value.display} field={value.field} display={value.view?.getFieldDisplayProcessor(value.colIndex)}
      displayMode={panel.options.displayMode} valueDisplayMode={panel.options.valueMode} text={panel.options.text}
      alignmentFactors={alignmentFactors} showUnfilled/>}/>,
  table: ({panel, frames, width, height}) => <TableNG data={frames[0]} width={width} height={height} cellHeight="sm"
    initialSortBy={panel.options.sortBy} getActions={() => []}/>,
  'state-timeline': Strips,
};

function Panel({panel, frames}) {
  const place = panel.gridPos;
  const cell = (WIDTH - GAP) / COLUMNS;
  const box = {left: GAP + place.x * cell, top: TOP + place.y * (UNIT + GAP), width: place.w * cell - GAP,
    height: place.h * (UNIT + GAP) - GAP};
  if (panel.type === 'row')
    return <h3 style={{position: 'absolute', ...box, lineHeight: `${box.height}px`, fontSize: 17, margin: 0}}>⌄ {panel.title}</h3>;
  if (panel.type === 'text')
    return <div className="markdown-html" style={{position: 'absolute', ...box, fontSize: 14}}
      dangerouslySetInnerHTML={{__html: renderMarkdown(panel.options.content)}}/>;
  const Kind = kinds[panel.type];
  const nothing = frames.length === 0 && panel.type !== 'stat';
  return <div style={{position: 'absolute', ...box}}>
    <PanelChrome title={panel.title} description={panel.description} width={box.width} height={box.height}
      padding={panel.type === 'stat' ? 'none' : 'md'}>
      {(width, height) => nothing ?
        <div style={{width, height, display: 'grid', placeItems: 'center'}}>{panel.fieldConfig.defaults.noValue}</div> :
        <Kind panel={panel} frames={frames} width={width} height={height}/>}
    </PanelChrome>
  </div>;
}

function Head() {
  const chip = {border: `1px solid ${theme.colors.border.medium}`, borderRadius: 2, padding: '4px 8px', fontSize: 12};
  return <div style={{position: 'absolute', left: GAP, top: 12, right: GAP, display: 'flex', gap: 8, alignItems: 'center'}}>
    <b style={{fontSize: 16, marginRight: 12}}>{dashboard.title}</b>
    {dashboard.templating.list.map((one) => <span key={one.name} style={chip}>
      <span style={{color: theme.colors.text.secondary}}>{one.label}</span>&ensp;
      {{datasource: 'Prometheus', window: values.window}[one.name] ?? 'All'}</span>)}
  </div>;
}

window.__grafana_public_path__ = 'public/';
const first = dashboard.panels.findIndex((panel) => panel.type === 'row' && panel.title === window.SHOWN.from);
const panels = dashboard.panels.slice(Math.max(first, 0));
const high = panels[0].gridPos.y;
const all = await Promise.all(panels.map(async (panel) => ({
  panel: {...panel, gridPos: {...panel.gridPos, y: panel.gridPos.y - high}},
  frames: panel.targets ? await framesOf(panel, answers, range, theme) : [],
})));
createRoot(document.getElementById('dashboard')).render(<ThemeContext.Provider value={theme}>
  <GlobalStyles/>
  <Head/>
  {all.map((one) => <Panel key={one.panel.id} {...one}/>)}
</ThemeContext.Provider>);
