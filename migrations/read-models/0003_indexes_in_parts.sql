-- The indexes of a table on its clone, a part of them: so that several connections make them at once. The primary key is in
-- part 0 and comes last there: taking it on waits for the others.
set local role clustermaster_projector;

create function read.clone_indexes(target text, part integer, parts integer) returns void language plpgsql as $$
declare
  found record;
begin
  for found in
    select * from (
      select c.relname as name, i.indisprimary as is_primary, pg_get_indexdef(i.indexrelid) as definition,
             row_number() over (order by i.indisprimary desc, c.relname) - 1 as nth
      from pg_index i join pg_class c on c.oid = i.indexrelid
      where i.indrelid = format('read.%I', target)::regclass
    ) known
    where known.nth % parts = part order by known.is_primary, known.name
  loop
    execute regexp_replace(found.definition, ' INDEX (.+?) ON (.+?) USING ',
      format(' INDEX %I ON read.%I USING ', found.name || '__next', target || '__next'));
    if found.is_primary then
      execute format('alter table read.%I add primary key using index %I',
        target || '__next', found.name || '__next');
    end if;
  end loop;
end
$$;

reset role;
