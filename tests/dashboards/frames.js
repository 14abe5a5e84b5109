// Prometheus's answers as Grafana's data frames, with the panel's field configuration applied.
import {
  FieldConfigOptionsRegistry, FieldType, applyFieldOverrides, cacheFieldDisplayNames, standardTransformers, standardTransformersRegistry, toDataFrame,
  transformDataFrame,
} from '@grafana/data';
import {firstValueFrom} from 'rxjs';

const STANDARD = ['unit', 'min', 'max', 'decimals', 'noValue', 'color', 'thresholds', 'mappings', 'links', 'displayName'];
const CUSTOM = ['lineStyle', 'fillOpacity', 'lineWidth', 'stacking', 'axisPlacement', 'cellOptions', 'align', 'filterable'];

// What Grafana itself registers has editors too; to apply a configuration, the places of its properties are enough.
const property = (path, isCustom) => ({
  id: isCustom ? `custom.${path}` : path, path, isCustom, name: path, description: '', process: (value) => value,
  shouldApply: () => true, getItemsCount: () => 0, editor: () => null, override: () => null,
});
const registry = new FieldConfigOptionsRegistry(
    () => [...STANDARD.map((path) => property(path, false)), ...CUSTOM.map((path) => property(path, true))]);

standardTransformersRegistry.setInit(() => [standardTransformers.mergeTransformer, standardTransformers.organizeFieldsTransformer].map(
    (transformation) => ({id: transformation.id, name: transformation.name, transformation: async () => transformation, editor: () => null})));

export const fillIn = (text, values) => Object.keys(values).sort((a, b) => b.length - a.length).reduce(
    (done, name) => done.replaceAll(`$\{${name}}`, values[name]).replaceAll(`$${name}`, values[name]), text);

const named = (template, labels) => template.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label) => labels[label] ?? '').trim();

// A range's answer has no points where there is no data: here they are there, as null, so that lines break.
function overTime(target, result, {begin, end, step}) {
  return result.map(({metric, values}) => {
    const known = new Map(values.map(([time, value]) => [Math.round(time * 1000), Number(value)]));
    const times = [];
    for (let time = begin; time <= end; time += step) times.push(Math.round(time * 1000));
    const name = target.legendFormat === '__auto' ? 'Value' : named(target.legendFormat, metric);
    return toDataFrame({refId: target.refId, fields: [
      {name: 'Time', type: FieldType.time, config: {}, values: times},
      {name: 'Value', type: FieldType.number, labels: metric, config: {displayNameFromDS: name},
        values: times.map((time) => known.get(time) ?? null)},
    ]});
  });
}

function asTable(target, result) {
  const labels = [...new Set(result.flatMap(({metric}) => Object.keys(metric)))];
  return [toDataFrame({refId: target.refId, fields: [
    {name: 'Time', type: FieldType.time, config: {}, values: result.map(({value}) => value[0] * 1000)},
    ...labels.map((label) => ({name: label, type: FieldType.string, config: {}, values: result.map(({metric}) => metric[label])})),
    {name: `Value #${target.refId}`, type: FieldType.number, config: {}, values: result.map(({value}) => Number(value[1]))},
  ]})];
}

export function timeRange({begin, end}) {
  const moment = (seconds) => ({valueOf: () => seconds * 1000});
  return {from: moment(begin), to: moment(end), raw: {from: moment(begin), to: moment(end)}};
}

// The frames of a panel, ready to be drawn.
export async function framesOf(panel, answers, range, theme) {
  let frames = panel.targets.flatMap((target) => {
    const result = answers[`${panel.title}/${target.refId}`];
    if (target.format === 'table') return asTable(target, result);
    return overTime(target, target.instant ? result.map((one) => ({...one, values: [one.value]})) : result,
        target.instant ? {begin: range.end, end: range.end, step: 1} : range);
  }).filter((frame) => frame.length > 0);
  if (panel.transformations)
    frames = await firstValueFrom(transformDataFrame(panel.transformations, frames));
  const shown = applyFieldOverrides({
    data: frames, fieldConfig: panel.fieldConfig, replaceVariables: (text) => text, theme, fieldConfigRegistry: registry,
    timeZone: 'utc',
  });
  cacheFieldDisplayNames(shown);
  return shown;
}
