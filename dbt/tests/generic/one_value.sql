{# The column holds one value; amounts beside two currencies must not be added. #}
{% test one_value(model, column) %}
select {{ column }}
from {{ model }}
where
    {{ column }} is not null
    and (select count(distinct {{ column }}) from {{ model }}) > 1
group by {{ column }}
{% endtest %}
