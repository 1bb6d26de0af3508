// A dashboard as it stands in a file: Grafana's types of its parts, put together by the kind of each panel.
import type { Dashboard, DataQuery, DataSourceRef, FieldConfig, FieldConfigSource, Panel } from '@grafana/schema';
import type { Options as NodeGraphOptions } from '@grafana/schema/dist/esm/raw/composable/nodegraph/panelcfg/x/NodeGraphPanelCfg_types.gen';
import type { FieldConfig as StateTimelineFields, Options as StateTimelineOptions } from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type { FieldConfig as TableFields, Options as TableOptions } from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type { FieldConfig as TimeSeriesFields, Options as TimeSeriesOptions } from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

/** T in JSON, which has the values of enumerations and not their names. */
type Json<T> = T extends string ? `${T}` : T extends object ? { [K in keyof T]: Json<T[K]> } : T;

/** Some of T: what a panel is not told it has by default, and the types do not say what has none. */
type Some<T> = T extends (infer E)[] ? Some<E>[] : T extends string ? `${T}` : T extends object ? { [K in keyof T]?: Some<T[K]> } : T;

type But<T, Others> = Omit<T, keyof Others> & Others;

type Fields<Custom> = But<Json<FieldConfig>, { custom?: Some<Custom> }>;

/** A property of the fields by its path, with a value of that property. */
type Override<Custom> = { [K in keyof Fields<Custom>]: { id: K; value?: Fields<Custom>[K] } }[keyof Fields<Custom>];

/** Of the data source Prometheus, whose own types are not published with these. */
type Query = But<Json<DataQuery>, {
  datasource: DataSourceRef;
  expr: string;
  format?: 'time_series' | 'table' | 'heatmap';
  instant?: boolean;
  legendFormat?: string;
  range?: boolean;
}>;

type PanelOf<Type extends string, Options, Custom = never> = But<Json<Panel>, {
  type: Type;
  options: Some<Options>;
  targets: Query[];
  fieldConfig: {
    defaults: Fields<Custom>;
    overrides: But<Json<FieldConfigSource>['overrides'][number], { properties: Override<Custom>[] }>[];
  };
}>;

export type Model = But<Json<Dashboard>, {
  panels: (
    | PanelOf<'nodeGraph', NodeGraphOptions>
    | PanelOf<'stat', StatOptions>
    | PanelOf<'state-timeline', StateTimelineOptions, StateTimelineFields>
    | PanelOf<'table', TableOptions, TableFields>
    | PanelOf<'timeseries', TimeSeriesOptions, TimeSeriesFields>
  )[];
}>;
