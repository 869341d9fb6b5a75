"""A company of 60 KPIs over Google Analytics events and a CRM, and what is measured on its nights."""
