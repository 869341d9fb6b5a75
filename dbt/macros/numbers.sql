{# A number for each row, whichever: an order to number them by would cost a sort. #}
{% macro any_number() %}{{ return(adapter.dispatch('any_number', 'shirube')()) }}{% endmacro %}
{% macro default__any_number() %}row_number() over (){% endmacro %}
{% macro spark__any_number() %}monotonically_increasing_id(){% endmacro %}
