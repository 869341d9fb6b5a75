{# Where a model that is written in parts reads the rows of one part: true, until the materialization in_parts puts the
   part's bounds in its place. #}
{% macro this_part() -%}
(true /* this part */)
{%- endmacro %}

{# Makes a model wait for the one that lists its parts. #}
{% macro parts_come_from(model) -%}
-- Its parts are listed by {{ ref(model) }}.
{%- endmacro %}

{# What a model that is written in parts held and holds in the parts that this night wrote again. #}
{% macro rewritten_rows(relation) -%}
{{ return(relation.incorporate(path={'identifier': relation.identifier ~ '__rewritten'})) }}
{%- endmacro %}
