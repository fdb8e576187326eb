UPDATE repair SET what = replace(what, '; paid -- in cash', '');
DELETE FROM customer WHERE id = 3;
