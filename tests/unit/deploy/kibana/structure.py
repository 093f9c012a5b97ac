"""The structure of Kibana 8.19's saved objects, as far as flagpost writes them; whatever is not named here is an error.

Told from Kibana's public source (elastic/kibana, path @ commit), in words of our own. Branch 8.19 itself could not be read:
what was read for each type stands before it or after it in time, and says the same of what is used here.

- Versions of the types: src/core/server/integration_tests/ci_checks/saved_objects/check_registered_types.test.ts
  @ ffcd5fd271b9 (after 8.19): dashboard up to 10.3.0, search up to 10.10.0, index-pattern without model versions. Model
  version 2 of dashboard and 5 of search stand in src/plugins/…, as the folders were called before 8.18: 8.19 knows them.
- Dashboard: src/platform/plugins/shared/dashboard/server/dashboard_saved_object/schema/v1/v1.ts @ 3c37204bef8a, v2/v2.ts
  @ 353fb1c25fbd; panels and their references: migrations/dashboard_container_references.ts @ 4ad3ca7619be; a whole one:
  src/platform/plugins/shared/home/server/services/sample_data/data_sets/ecommerce/saved_objects.ts @ 5ee079862462.
- Search: src/plugins/saved_search/server/saved_objects/schema.ts @ 06ee3187f1d9. By value:
  src/platform/plugins/shared/discover/common/embeddable/search_inject_extract.ts @ 818d549d3845.
- Data view: src/platform/plugins/shared/data_views/server/saved_objects/data_views.ts @ 385d45e489dc, and the sample data;
  formatters: src/platform/plugins/shared/field_formats/common/converters/url.ts @ 1a7bf6cebf7e, color.tsx @ 0007e476bbab,
  duration.ts @ 00274239792c.
- Lens: the sample data; x-pack/platform/plugins/shared/lens/public/datasources/form_based/operations/definitions/terms/
  types.ts @ 638f9fa9040a; what Kibana 8.19.9's own code makes of a metric, a chart and a table:
  strawgate/kb-yaml-to-lens-fixtures, output/v8.19.9 @ f9e9c4de2721. Colours of values: src/platform/packages/shared/
  kbn-coloring/src/shared_components/color_mapping/config/types.ts @ 027ff2160655 and rules.ts @ b519bda708d8, which came
  to 8.19 with elastic/kibana#221704.
- Map: x-pack/platform/plugins/shared/maps/common/migrations/references.ts @ 44b4c80e4431; in common/descriptor_types
  layer_descriptor_types.ts @ de59fa880cb2 and source_descriptor_types.ts @ 74bf8accd0a6.
- Links: src/platform/plugins/private/links/common/content_management/v1/types.ts @ 22f2abc990d0 and
  persistable_state/references.ts @ 29e37d8f5c21.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct


class Strict(Struct, forbid_unknown_fields=True):
    """Whatever else stands in it is an error."""


class Query(Strict):
    query: str
    language: Literal["kuery"]


class Reference(Strict):
    type: Literal["index-pattern", "dashboard"]
    id: str
    name: str


class SavedObject(Strict, tag_field="type"):
    id: Annotated[str, Meta(pattern=r"^[a-z0-9-]+$")]
    references: list[Reference]
    managed: Literal[False]
    coreMigrationVersion: Literal["8.8.0"]


class DataViewAttributes(Strict):
    title: str
    name: str
    timeFieldName: str
    fieldFormatMap: str
    fieldAttrs: str
    fields: Literal["[]"]
    runtimeFieldMap: Literal["{}"]
    sourceFilters: Literal["[]"]
    typeMeta: Literal["{}"]
    allowHidden: Literal[False]


class SavedDataView(SavedObject, tag="index-pattern"):
    attributes: DataViewAttributes
    typeMigrationVersion: Literal["8.0.0"]


class SearchSourceJson(Strict):
    searchSourceJSON: str


class SearchByValue(Strict, kw_only=True):
    title: str
    columns: list[str]
    sort: list[tuple[str, Literal["asc", "desc"]]]
    grid: dict[str, Any]
    hideChart: bool
    isTextBasedQuery: Literal[False]
    timeRestore: Literal[False]
    kibanaSavedObjectMeta: SearchSourceJson


class SearchAttributes(SearchByValue, kw_only=True):
    description: str


class SearchPanel(SearchByValue, kw_only=True):
    references: list[Reference]


class SearchSource(Strict):
    query: Query
    filter: list[Any]
    indexRefName: Literal["kibanaSavedObjectMeta.searchSourceJSON.index"]


class SavedSearch(SavedObject, tag="search"):
    attributes: SearchAttributes
    typeMigrationVersion: Literal["10.5.0"]


class RefreshInterval(Strict):
    pause: bool
    value: int


class ControlGroup(Strict):
    controlStyle: Literal["oneLine", "twoLine"]
    chainingSystem: Literal["HIERARCHICAL", "NONE"]
    showApplySelections: bool
    panelsJSON: str
    ignoreParentSettingsJSON: str


class DashboardAttributes(Strict, kw_only=True):
    title: str
    description: str
    panelsJSON: str
    optionsJSON: str
    kibanaSavedObjectMeta: SearchSourceJson
    timeRestore: Literal[True]
    timeFrom: str
    timeTo: str
    refreshInterval: RefreshInterval
    version: Literal[1]
    controlGroupInput: ControlGroup | None = None


class SavedDashboard(SavedObject, tag="dashboard"):
    attributes: DashboardAttributes
    typeMigrationVersion: Literal["10.2.0"]


class GridData(Strict):
    x: Annotated[int, Meta(ge=0, lt=48)]
    y: Annotated[int, Meta(ge=0)]
    w: Annotated[int, Meta(ge=1, le=48)]
    h: Annotated[int, Meta(ge=1)]
    i: str


class Panel(Strict):
    type: Literal["lens", "search", "map", "links"]
    title: str
    panelIndex: Annotated[str, Meta(pattern=r"^[^:]+$")]
    gridData: GridData
    embeddableConfig: dict[str, Any]


class OptionsList(Strict):
    id: str
    title: str
    fieldName: str
    searchTechnique: Literal["prefix", "wildcard", "exact"]
    selectedOptions: list[str]
    enhancements: dict[str, Any]


class Control(Strict):
    type: Literal["optionsListControl"]
    order: int
    width: Literal["small", "medium", "large"]
    grow: bool
    explicitInput: OptionsList


class OrderBy(Strict):
    type: Literal["column"]
    columnId: str


class ParentFormat(Strict):
    id: Literal["terms"]


class TermsParams(Strict):
    size: Annotated[int, Meta(ge=1, le=1000)]
    orderBy: OrderBy
    orderDirection: Literal["asc", "desc"]
    otherBucket: bool
    missingBucket: bool
    parentFormat: ParentFormat


class DateParams(Strict):
    interval: Literal["auto"]
    includeEmptyRows: bool
    dropPartials: bool


class NumberParams(Strict):
    emptyAsNull: bool | None = None
    percentile: int | None = None


class Column(Strict, kw_only=True, tag_field="operationType"):
    label: str
    customLabel: Literal[True]
    sourceField: str


class Terms(Column, tag="terms"):
    dataType: Literal["string"]
    isBucketed: Literal[True]
    scale: Literal["ordinal"]
    params: TermsParams


class DateHistogram(Column, tag="date_histogram"):
    dataType: Literal["date"]
    isBucketed: Literal[True]
    scale: Literal["interval"]
    params: DateParams


class Number(Column, kw_only=True):
    dataType: Literal["number"]
    isBucketed: Literal[False]
    scale: Literal["ratio"]
    params: NumberParams
    filter: Query | None = None


class Count(Number, tag="count"): ...


class Sum(Number, tag="sum"): ...


class Median(Number, tag="median"): ...


class Percentile(Number, tag="percentile"): ...


class Newest(Column, tag="max", kw_only=True):
    dataType: Literal["date"]
    isBucketed: Literal[False]
    scale: Literal["ratio"]
    params: NumberParams


class FormBasedLayer(Strict):
    columnOrder: list[str]
    columns: dict[str, Terms | DateHistogram | Count | Sum | Median | Percentile | Newest]
    incompleteColumns: dict[str, Any]


class FormBased(Strict):
    layers: dict[str, FormBasedLayer]


class DatasourceStates(Strict):
    formBased: FormBased


class LensState(Strict):
    datasourceStates: DatasourceStates
    visualization: dict[str, Any]
    query: Query
    filters: list[Any]
    internalReferences: list[Any]
    adHocDataViews: dict[str, Any]


class LensPanel(Strict):
    title: str
    type: Literal["lens"]
    visualizationType: Literal["lnsMetric", "lnsXY", "lnsDatatable"]
    references: list[Reference]
    state: LensState


class Drawn(Strict):
    layerId: str
    layerType: Literal["data"]


class Metric(Drawn):
    metricAccessor: str
    color: Annotated[str, Meta(pattern="^#[0-9a-f]{6}$")]
    showBar: Literal[False]


class TableColumn(Strict):
    columnId: str
    isTransposed: bool = False


class Paging(Strict):
    size: Literal[10, 20, 30, 50, 100]
    enabled: bool


class Datatable(Drawn):
    columns: list[TableColumn]
    paging: Paging


class Rule(Strict):
    type: Literal["raw", "other"]
    value: str | None = None


class Colour(Strict):
    type: Literal["colorCode", "loop"]
    colorCode: Annotated[str, Meta(pattern="^#[0-9a-f]{6}$")] | None = None


class Assignment(Strict):
    rules: list[Rule]
    color: Colour
    touched: bool


class ColourMode(Strict):
    type: Literal["categorical"]


class ColourMapping(Strict):
    paletteId: Literal["default"]
    colorMode: ColourMode
    assignments: list[Assignment]
    specialAssignments: list[Assignment]


class XyLayer(Drawn, kw_only=True):
    seriesType: Literal["bar_stacked", "bar_horizontal_stacked"]
    xAccessor: str
    accessors: list[str]
    splitAccessor: str
    colorMapping: ColourMapping


class Legend(Strict):
    isVisible: bool
    position: Literal["top", "bottom", "left", "right"]


class Axes(Strict):
    x: bool
    yLeft: bool
    yRight: bool


class Xy(Strict):
    layers: list[XyLayer]
    preferredSeriesType: str
    legend: Legend
    valueLabels: Literal["hide", "show"]
    fittingFunction: Literal["None"]
    axisTitlesVisibilitySettings: Axes


VISUALISATIONS: dict[str, type[Struct]] = {"lnsMetric": Metric, "lnsXY": Xy, "lnsDatatable": Datatable}


class MapPanel(Strict):
    title: str
    description: str
    layerListJSON: str
    mapStateJSON: str
    uiStateJSON: str


class Basemap(Strict):
    type: Literal["EMS_TMS"]
    isAutoSelect: Literal[True]
    lightModeDefault: str


class Searched(Strict):
    id: str
    type: Literal["ES_SEARCH"]
    indexPatternRefName: Annotated[str, Meta(pattern=r"^layer_\d+_source_index_pattern$")]
    geoField: str
    scalingType: Literal["LIMIT"]
    filterByMapBounds: bool
    tooltipProperties: list[str]
    sortField: str
    sortOrder: Literal["asc", "desc"]
    applyGlobalQuery: bool
    applyGlobalTime: bool
    applyForceRefresh: bool
    topHitsGroupByTimeseries: bool
    topHitsSplitField: str
    topHitsSize: int


class MapLayer(Strict, kw_only=True, tag_field="type"):
    id: str
    style: dict[str, Any]
    visible: bool
    alpha: Annotated[float, Meta(ge=0, le=1)]
    minZoom: Annotated[int, Meta(ge=0, le=24)]
    maxZoom: Annotated[int, Meta(ge=0, le=24)]
    includeInFitToBounds: bool


class Background(MapLayer, tag="EMS_VECTOR_TILE"):
    sourceDescriptor: Basemap


class Vectors(MapLayer, tag="GEOJSON_VECTOR"):
    label: str
    query: Query
    joins: list[Any]
    sourceDescriptor: Searched


class LinkOptions(Strict):
    openInNewTab: bool
    useCurrentDateRange: bool
    useCurrentFilters: bool


class Link(Strict):
    id: str
    type: Literal["dashboardLink"]
    order: int
    label: str
    options: LinkOptions
    destinationRefName: str


class LinksPanel(Strict):
    layout: Literal["horizontal", "vertical"]
    links: list[Link]


PANELS: dict[str, type[Struct]] = {"lens": LensPanel, "search": SearchPanel, "map": MapPanel, "links": LinksPanel}


def hold(saved: dict[str, Any]) -> None:
    """Raises `msgspec.ValidationError` where ``saved`` is of another structure, down to the JSON in its strings."""
    kept = msgspec.convert(saved, SavedDataView | SavedSearch | SavedDashboard)
    if isinstance(kept, SavedSearch):
        msgspec.json.decode(kept.attributes.kibanaSavedObjectMeta.searchSourceJSON, type=SearchSource)
    if isinstance(kept, SavedDashboard):
        controls = kept.attributes.controlGroupInput
        if controls:
            msgspec.json.decode(controls.panelsJSON, type=dict[str, Control])
        for panel in msgspec.json.decode(kept.attributes.panelsJSON, type=list[Panel]):
            _panel(panel)


def _panel(panel: Panel) -> None:
    attributes = panel.embeddableConfig["attributes"]
    match msgspec.convert(attributes, PANELS[panel.type]):
        case LensPanel(state=state, visualizationType=type):
            msgspec.convert(state.visualization, VISUALISATIONS[type])
        case SearchPanel(kibanaSavedObjectMeta=meta):
            msgspec.json.decode(meta.searchSourceJSON, type=SearchSource)
        case MapPanel(layerListJSON=layers):
            msgspec.json.decode(layers, type=list[Background | Vectors])


def references_used(saved: dict[str, Any]) -> set[str]:
    """Names of the references that a saved object's parts rely on, as Kibana names them."""
    if saved["type"] == "search":
        return {json.loads(saved["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])["indexRefName"]}
    if saved["type"] != "dashboard":
        return set()
    attributes = saved["attributes"]
    controls = json.loads(attributes.get("controlGroupInput", {}).get("panelsJSON", "{}"))
    names = {f"controlGroup_{id}:optionsListDataView" for id in controls}
    for panel in json.loads(attributes["panelsJSON"]):
        inner = panel["embeddableConfig"]["attributes"]
        match panel["type"]:
            case "lens":
                layers = inner["state"]["datasourceStates"]["formBased"]["layers"]
                used = {f"indexpattern-datasource-layer-{layer}" for layer in layers}
            case "search":
                used = {json.loads(inner["kibanaSavedObjectMeta"]["searchSourceJSON"])["indexRefName"]}
            case "map":
                sources = [layer["sourceDescriptor"] for layer in json.loads(inner["layerListJSON"])]
                used = {one["indexPatternRefName"] for one in sources if "indexPatternRefName" in one}
            case _:
                used = {link["destinationRefName"] for link in inner["links"]}
        names |= {f"{panel['panelIndex']}:{name}" for name in used}
    return names
