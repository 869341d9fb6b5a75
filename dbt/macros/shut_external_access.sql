{# For the rest of the invocation: no file outside `folder`, no network, no other database, no way to undo this. #}
{% macro shut_external_access(folder) %}{{ return(adapter.dispatch('shut_external_access', 'shirube')(folder)) }}{% endmacro %}
{% macro default__shut_external_access(folder) %}{% endmacro %}
{% macro duckdb__shut_external_access(folder) %}
set allowed_directories = ['{{ folder | replace("'", "''") }}'];
set enable_external_access = false;
set lock_configuration = true;
{% endmacro %}
