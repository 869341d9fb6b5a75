{# A table that keeps the rows whose inputs are what they were when the rows were computed. The model's SQL yields the
   others. Settings:

   made_from   the relation that lists what there is to be: the columns of `key`, and made_from, a digest of all that
               the rows of this key depend on. Its own SQL asks kept_rows() which it needs not compute
   key         columns of both; every row of a key carries the digest that it was made from

   Rows whose key is not listed, or listed with another digest, go in the transaction in which the new ones come: what
   a row says it was made from is true whenever a night is killed. The whole table is written where it is not there yet
   or where night.rebuilt names it (see dagster_project/rewrites): changed SQL is not among the inputs. #}
{% materialization kept_rows, adapter='duckdb' %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(target) -%}
    {{ replace_other_kind(target) }}
    {% call statement('main') -%}
        {% if existing is none or existing.type != 'table' or is_rebuilt(this.identifier) -%}
            create or replace table {{ target }} as ({{ compiled_code }})
        {%- else -%}
            delete from {{ target }} as kept
            where not exists (
                select 1
                from {{ config.get('made_from') }} as wanted
                where
                    wanted.made_from = kept.made_from
                    {%- for column in config.get('key') %}
                    and wanted.{{ column }} = kept.{{ column }}
                    {%- endfor %}
            );
            insert into {{ target }} by name ({{ compiled_code }})
        {%- endif %}
    {%- endcall %}
    {% do adapter.commit() %}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}
