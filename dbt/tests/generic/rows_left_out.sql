{# Rows that a KPI leaves out by its meaning, counted so that they are not left out unseen. `says` is for the message. #}
{% test rows_left_out(model, condition, says) %}
select *
from {{ model }}
where {{ condition }}
{% endtest %}
