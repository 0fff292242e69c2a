-- Which network data an edge says that it has, so that rules about countries and AS numbers can be shown as doing nothing there. Null: it never said.

alter table edge add column network_data jsonb;
