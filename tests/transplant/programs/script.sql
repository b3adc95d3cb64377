-- A large script of SQL; everything printed is the same on every run.

PRAGMA journal_mode=MEMORY;
CREATE TABLE t(id INTEGER PRIMARY KEY, k TEXT NOT NULL, v REAL, b BLOB, g INT GENERATED ALWAYS AS (id % 7) STORED);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<20000)
INSERT INTO t(id,k,v,b) SELECT i, printf('key-%05d', (i*7919)%20011), i*1.5, zeroblob(i%17) FROM n;
CREATE INDEX tk ON t(k); CREATE INDEX tg ON t(g, v DESC); CREATE UNIQUE INDEX tu ON t(k, id);
CREATE INDEX te ON t(length(b)) WHERE v > 100;
ANALYZE;
SELECT count(*), sum(id), avg(v), min(k), max(k), total(length(b)), group_concat(g) FILTER (WHERE id<20) FROM t;
SELECT g, count(*), sum(v) FROM t GROUP BY g HAVING count(*)>10 ORDER BY 3 DESC;
SELECT k FROM t WHERE k BETWEEN 'key-00100' AND 'key-00110' ORDER BY k;
EXPLAIN QUERY PLAN SELECT * FROM t WHERE k='key-00100' AND id>5;
SELECT a.id, b.id FROM t a JOIN t b ON b.id=a.id*2 LEFT JOIN t c ON c.k=b.k AND c.id<0 WHERE a.id<10 AND c.id IS NULL;
SELECT id, row_number() OVER w, rank() OVER (PARTITION BY g ORDER BY v), sum(v) OVER w, lag(id,2,-1) OVER w, ntile(3) OVER w, first_value(k) OVER w,
  percent_rank() OVER w, cume_dist() OVER w, nth_value(id,3) OVER (ORDER BY id ROWS BETWEEN 2 PRECEDING AND 2 FOLLOWING)
  FROM t WHERE id<=15 WINDOW w AS (ORDER BY id) ORDER BY id;
SELECT max(v) OVER (ORDER BY id GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES) FROM t WHERE id<5;
-- Changes, triggers, foreign keys, upsert, returning.
PRAGMA foreign_keys=ON;
CREATE TABLE parent(id INTEGER PRIMARY KEY, name TEXT UNIQUE COLLATE NOCASE, CHECK(length(name)<20));
CREATE TABLE child(id INTEGER PRIMARY KEY AUTOINCREMENT, p INT REFERENCES parent(id) ON DELETE CASCADE ON UPDATE SET NULL, note TEXT DEFAULT 'none');
CREATE TABLE log(at INTEGER PRIMARY KEY, what TEXT);
CREATE TRIGGER ti AFTER INSERT ON child BEGIN INSERT INTO log(what) VALUES('insert '||new.id); END;
CREATE TRIGGER td BEFORE DELETE ON child WHEN old.id>1 BEGIN INSERT INTO log(what) VALUES('delete '||old.id); END;
CREATE TRIGGER tup AFTER UPDATE OF note ON child BEGIN INSERT INTO log(what) SELECT old.note||'->'||new.note; END;
INSERT INTO parent VALUES(1,'one'),(2,'two'),(3,'three');
INSERT INTO child(p) VALUES(1),(1),(2),(3) RETURNING id, p, note;
INSERT INTO parent VALUES(2,'TWO') ON CONFLICT(id) DO UPDATE SET name=excluded.name||'!' RETURNING *;
INSERT INTO parent VALUES(9,'one');
INSERT INTO child(p) VALUES(77);
UPDATE child SET note='changed' WHERE p=1; UPDATE parent SET id=30 WHERE id=3; DELETE FROM parent WHERE name='ONE';
SELECT * FROM child; SELECT * FROM log; SELECT changes(), total_changes(), last_insert_rowid();
-- Transactions and savepoints.
BEGIN; DELETE FROM t WHERE id%2=0; SAVEPOINT s; DELETE FROM t; SELECT count(*) FROM t; ROLLBACK TO s; SELECT count(*) FROM t; RELEASE s; ROLLBACK; SELECT count(*) FROM t;
CREATE TEMP TABLE tt AS SELECT * FROM t WHERE id<100; UPDATE tt SET v=-v WHERE g=3; DELETE FROM tt WHERE g IN (SELECT g FROM tt WHERE id=4); SELECT count(*), sum(v) FROM tt;
CREATE TABLE w(a TEXT, b INT, c, PRIMARY KEY(a,b)) WITHOUT ROWID, STRICT;
CREATE TABLE w(a TEXT, b INT, c ANY, PRIMARY KEY(a,b)) WITHOUT ROWID, STRICT;
INSERT INTO w SELECT k, g, v FROM t WHERE id<500; SELECT count(*), max(a), sum(b) FROM w; REPLACE INTO w SELECT a, b, 1 FROM w WHERE b=2; SELECT sum(c) FROM w WHERE b=2;
INSERT INTO w VALUES('x','not a number',1);
-- Functions.
SELECT abs(-5), round(2.567,2), upper('aß'), lower('ABC'), trim('  x '), ltrim('xxa','x'), substr('hello',2,3), instr('hello','ll'), replace('aXbX','X','--'), hex('abc'), quote(x'0102'), char(72,105), unicode('€'), typeof(1.0), coalesce(NULL,2), nullif(1,1), iif(1>2,'a','b'), likely(1), sign(-3);
SELECT date('2024-02-29','+1 year'), time('12:34:56','-90 minutes'), julianday('2000-01-01 12:00'), strftime('%Y-%j-%W %H:%M:%f', '2024-03-10 05:06:07.089'), unixepoch('2001-09-09 01:46:40'), datetime(0,'unixepoch'), date('2024-01-31','+1 month','weekday 0');
SELECT printf('%5.2f|%-8s|%08d|%x|%e|%c|%q|%Q|%w|%,d', 3.14159, 'ab', 42, 255, 12345.678, 'z', 'it''s', 'it''s', 'a"b', 1234567);
SELECT sqrt(2), pow(2,10), log(100), ln(exp(1)), mod(7,3), ceil(1.2), floor(-1.2), trunc(2.9), pi()>3.14, atan2(1,1), sin(0), degrees(pi());
SELECT 'abc' LIKE 'A%', 'abc' GLOB 'a*c', 'a_c' LIKE 'a\_c' ESCAPE '\', 5 BETWEEN 1 AND 9, 3 IN (1,2,3), NULL IS NOT DISTINCT FROM NULL, 1<<10, 7&3, 5|2, ~0, 7%4, 7/2, 7.0/2, '5'+3, x'41'||'b', CAST('12abc' AS INT), CAST(3.9 AS INTEGER), CAST(65 AS TEXT);
SELECT json('{"a":[1,2,{"b":null}]}'), json_extract('{"a":[1,2,3]}','$.a[1]'), '{"x":{"y":5}}'->>'$.x.y', json_set('{"a":1}','$.b',2), json_group_array(value) FROM json_each('[3,1,2]');
SELECT key, value, type, path FROM json_tree('{"a":{"b":[true,1.5,"s"]}}') WHERE atom IS NOT NULL;
SELECT json('{bad');
-- Recursive queries, set operations, subqueries.
WITH RECURSIVE f(a,b) AS (VALUES(0,1) UNION ALL SELECT b,a+b FROM f LIMIT 40) SELECT max(a) FROM f;
WITH RECURSIVE tree(x,d) AS (VALUES(1,0) UNION SELECT x*2,d+1 FROM tree WHERE d<6 UNION SELECT x*2+1,d+1 FROM tree WHERE d<6) SELECT d, count(*), sum(x) FROM tree GROUP BY d;
WITH RECURSIVE
  xaxis(x) AS (VALUES(-2.0) UNION ALL SELECT x+0.1 FROM xaxis WHERE x<1.2), yaxis(y) AS (VALUES(-1.0) UNION ALL SELECT y+0.2 FROM yaxis WHERE y<1.0),
  m(iter, cx, cy, x, y) AS (SELECT 0, x, y, 0.0, 0.0 FROM xaxis, yaxis UNION ALL SELECT iter+1, cx, cy, x*x-y*y + cx, 2.0*x*y + cy FROM m WHERE (x*x + y*y) < 4.0 AND iter<28),
  m2(iter, cx, cy) AS (SELECT max(iter), cx, cy FROM m GROUP BY cx, cy), a(t) AS (SELECT group_concat(substr(' .+*#', 1+min(iter/7,4), 1), '') FROM m2 GROUP BY cy)
SELECT group_concat(rtrim(t),x'0a') FROM a;
SELECT g FROM t WHERE id<30 EXCEPT SELECT 3 UNION SELECT 99 INTERSECT SELECT 99 ORDER BY 1;
SELECT (SELECT count(*) FROM t b WHERE b.g=a.g AND b.id<a.id) FROM t a WHERE a.id IN (10,100,1000) AND EXISTS (SELECT 1 FROM t c WHERE c.id=a.id+1);
SELECT DISTINCT g FROM t ORDER BY g LIMIT 3 OFFSET 2;
SELECT * FROM (VALUES(1,'a'),(2,'b'),(3,'c')) p FULL JOIN (VALUES(2,'x'),(4,'y')) q ON p.column1=q.column1;
SELECT count(*) FROM t WHERE v > (SELECT avg(v) FROM t) AND k NOT IN (SELECT k FROM t WHERE id<100);
-- Full text, R-tree, virtual tables, views.
CREATE VIRTUAL TABLE ft USING fts5(title, body, tokenize='porter unicode61', prefix='2 3');
INSERT INTO ft SELECT 'row '||id, CASE id%4 WHEN 0 THEN 'the quick brown foxes jumped' WHEN 1 THEN 'lazy dogs are running over hills' WHEN 2 THEN 'sqlite stores pages in trees' ELSE 'quick trees and lazy pages' END||' '||k FROM t WHERE id<=1000;
SELECT count(*) FROM ft WHERE ft MATCH 'quick'; SELECT rowid, highlight(ft,1,'[',']'), snippet(ft,1,'<','>','...',3) FROM ft WHERE ft MATCH 'fox NOT dog' ORDER BY rank, rowid LIMIT 3;
SELECT count(*) FROM ft('body:qui* AND tree'); SELECT count(*) FROM ft('NEAR(lazy pages, 2)'); SELECT round(bm25(ft),4) FROM ft('"quick trees"') LIMIT 1;
INSERT INTO ft(ft) VALUES('optimize'); DELETE FROM ft WHERE rowid%3=0; SELECT count(*) FROM ft('run'); INSERT INTO ft(ft) VALUES('integrity-check');
CREATE VIRTUAL TABLE rt USING rtree(id, x0, x1, y0, y1); INSERT INTO rt SELECT id, id%100, id%100+5, id/100, id/100+5 FROM t WHERE id<5000;
SELECT count(*), min(id), max(id) FROM rt WHERE x0>=10 AND x1<=30 AND y0>=5 AND y1<=20; DELETE FROM rt WHERE id%2; SELECT count(*) FROM rt; SELECT rtreecheck('rt');
CREATE VIEW vw AS SELECT g, count(*) n FROM t GROUP BY g; SELECT * FROM vw WHERE n>2800; CREATE TRIGGER vi INSTEAD OF INSERT ON vw BEGIN SELECT raise(ABORT,'no inserts here'); END; INSERT INTO vw VALUES(1,1);
-- Schema changes, errors, integrity.
ALTER TABLE child RENAME COLUMN note TO remark; ALTER TABLE child ADD COLUMN extra INT DEFAULT 5; ALTER TABLE child DROP COLUMN remark; SELECT sql FROM sqlite_schema WHERE name='child'; ALTER TABLE parent RENAME TO ancestor;
SELECT nosuch FROM t; SELEC 1; CREATE TABLE t(x); INSERT INTO t(id,k) VALUES(1,'dup'); INSERT INTO t(id,k) VALUES(99999,NULL); SELECT 1/0, abs(-9223372036854775808); SELECT raise(FAIL,'x'); DROP TABLE nosuch;
CREATE TABLE c(x CHECK(x<10)); INSERT INTO c VALUES(5); INSERT INTO c VALUES(50); INSERT OR IGNORE INTO c VALUES(60); SELECT * FROM c;
PRAGMA integrity_check; PRAGMA foreign_key_check; PRAGMA table_info(child); PRAGMA index_list(t);
REINDEX; VACUUM; SELECT count(*), sum(id) FROM t; DROP INDEX tk; DELETE FROM t WHERE id>100; VACUUM; PRAGMA page_count; PRAGMA integrity_check;
.mode box
SELECT * FROM child;
.mode csv
SELECT id, k, v FROM t LIMIT 3;
.mode json
SELECT id, k, v FROM t LIMIT 2;
.mode markdown
SELECT id, k FROM t LIMIT 2;
.mode insert x
SELECT id, k FROM t LIMIT 2;
.dump child
.schema t
.tables
.expert
SELECT * FROM t WHERE v=5 ORDER BY b;
