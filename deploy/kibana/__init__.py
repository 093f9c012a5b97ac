"""What analysts import into Kibana: data views, saved searches and dashboards.

`views`, `searches` and `dashboards` say what there is, and read like its table of contents. `build` writes it as Kibana's
saved objects; `contents` reads those back, so that `checks` and `requests` hold what is imported, and not what was meant,
against the mapping and against Elasticsearch.
"""
