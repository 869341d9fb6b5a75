"""The fictitious company みちしるべ商事 (Michishirube Trading) and the exports that its systems would write.

Everything is invented: no person, company, address or figure is real, hosts end in `.example`, and wherever
the data is shown it is called 架空データ / synthetic.

What lies in the data (2024-04-01 .. 2026-10-31), in the forms that each system writes:

- The company sells office equipment to companies through two sales teams (about five sixths of revenue) and
  through a web shop. Both systems were new on 1 April 2024. The SFA took over the deals that were open that
  day, with their leads and accounts, and nothing that was over by then: who had bought before looks new once.
  Both channels grow; prices and sales areas change every April.
- Weekdays, public holidays, Golden Week, Obon and the turn of the year are felt everywhere: business stops,
  the shop slows down. Deals close at the end of months, and of half years. The shop has sales in March, July,
  November and December.
- FY2026 has a goal of 360 million yen, and it is in danger. In June 2026 marketing began to give a white
  paper away for an address (campaign `wp_giveaway_2026`): leads rise above plan, but hardly one in twenty of
  those becomes a deal. From midsummer a competitor undercuts prices: fewer leads of all kinds become deals,
  and fewer deals are won. The team answers with more calls, which yield fewer appointments. So leads and
  calls stand above target while deals, orders and revenue fall behind.
- Two of the sales roster have no deal: one looks after the shop, one joined in October 2026.
- The other departments feel it. Support has a third more to do since summer and nobody more to do it: more
  callers give up, answers come later and please less. A little more of the customers under contract cancel,
  and those who stay recommend the company less. Recruiting is behind: fewer apply, and of the few who get an
  offer hardly half accept. Development is stretched and late, and costs more than a year ago.
- One quality incident: in September 2026 screws of a new supplier spoil the desks of line 2, and complaints
  follow until October; in the same weeks a bad release of the cloud service brings bugs.
- Personnel, contracts and members were there before April 2024 and are exported whole. The cloud service
  writes a log of its use since April 2025 only. Surveys come in waves: a month without one has no answer.
- Some sessions cross midnight, some orders are refunded a month later (and come again in the next export),
  some customers buy as guests, some leads become deals of customers won before.

How it is made: each day draws from its own seed, so a change to one day leaves most others as they are, and a
shorter span (`write_sample(folder, start, end)`) is quick. Only bits of PCG64, which numpy promises to keep,
and arithmetic that every machine does alike are used, so that the exports are equal byte for byte everywhere;
of the compressed files that holds for the content, as the compressed form belongs to the machine's zlib.
"""
