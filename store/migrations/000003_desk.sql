-- The desk: reports, sealed identities, evidence and its custody, clusters, cases, incidents, assessments, decisions, appeals, pressure, on-call.

-- Keys of sealed files: one per report, one per case, wrapped with the installation's seal key. Deleting the wrapped key is the shredding.
create table seal_key (
  -- The report or case whose file it is.
  file_id text primary key,
  wrapped bytea,
  created_at timestamptz not null,
  shredded_at timestamptz,
  check ((wrapped is null) = (shredded_at is not null))
);

-- A reporter's or target's identity, or a safety note: readable only with its file's key.
create table sealed_record (
  sealed_id text primary key,
  file_id text not null references seal_key,
  kind text not null check (kind in ('reporter', 'target', 'safety', 'authority', 'owner')),
  ciphertext bytea not null,
  created_at timestamptz not null
);
create index sealed_record_by_file on sealed_record (file_id);

-- Encrypted bytes in pieces of at most 1 MiB: mails as they came, attachments, captures, exports.
create table blob (
  blob_id text primary key,
  file_id text not null references seal_key,
  media_type text not null,
  sha256 text not null,
  bytes bigint not null,
  created_at timestamptz not null
);
create index blob_by_file on blob (file_id);
create table blob_piece (
  blob_id text not null references blob on delete cascade,
  n integer not null,
  ciphertext bytea not null,
  primary key (blob_id, n)
);

-- A report as it came. Numbers of receipts are dense; the leaf is the canonical JSON whose hash the receipt shows.
create table report (
  report_id text primary key,
  receipt_number bigint not null unique,
  receipt_leaf text not null,
  receipt_sha256 text not null,
  -- Hash of the token in the private status link.
  status_hash text not null unique,
  channel text not null,
  class text not null,
  fast_lane boolean not null,
  state text not null,
  received_at timestamptz not null,
  happened_at timestamptz,
  hostname text,
  site_id text,
  -- A JSON list of {typed, canonical}; canonical is null when it is no web address.
  urls jsonb not null,
  text text not null,
  lang text,
  role text not null,
  -- Null for an anonymous reporter.
  reporter_sealed_id text,
  -- A keyed hash of the reporter's address, to tell the same mailbox again without opening a seal.
  reporter_mark text,
  reporter_proof text not null,
  forward_consent boolean not null,
  wants_safety_contact boolean not null,
  -- What a machine told about itself: XARF's own fields, mail's DKIM and SPF results.
  machine jsonb not null,
  raw_blob_id text,
  -- Null until it was read into evidence and a cluster.
  processed_at timestamptz,
  cluster_id text,
  case_id text,
  outcome text,
  -- Its reporter wrote to us after the report itself.
  wrote_again boolean not null default false,
  search tsvector,
  -- How often its reading failed, and when it is tried again.
  read_attempts integer not null default 0,
  read_again_at timestamptz
);
create index report_unprocessed on report (fast_lane desc, receipt_number) where processed_at is null;
create index report_by_case on report (case_id, receipt_number) where case_id is not null;
-- One report of each claim is found by steps from claim to claim, so that the time it takes tells nothing of how many there are.
create index report_claim on report (case_id, (coalesce(cluster_id, report_id)), role, wants_safety_contact, receipt_number) where case_id is not null;
create index report_wrote_again on report (case_id) where wrote_again;
create index report_by_cluster on report (cluster_id, receipt_number) where cluster_id is not null;
create index report_by_site on report (site_id, received_at) where site_id is not null;
create index report_by_mark on report (reporter_mark, received_at) where reporter_mark is not null;
-- Words that were not taken over into their case's search yet; null once they were.
create index report_unsearched on report (case_id) where search is not null;

-- Files that came with a report or were added to it later. The bytes are sealed; the name is as the reporter gave it.
create table report_file (
  blob_id text primary key references blob,
  created_order bigint generated always as identity,
  report_id text not null references report,
  name text not null,
  -- As the bytes say, not as the sender said.
  media_type text not null,
  at timestamptz not null,
  -- Null until it was read into evidence.
  evidence_id text
);
create index report_file_by_report on report_file (report_id, created_order);

create table receipt_counter (
  one boolean primary key default true check (one),
  last bigint not null
);
insert into receipt_counter (last) values (0);

-- Messages between desk and reporter, both ways, and what a reporter added later.
create table report_message (
  message_id text primary key,
  created_order bigint generated always as identity,
  report_id text not null references report,
  at timestamptz not null,
  sender text not null check (sender in ('reporter', 'desk')),
  text text not null,
  person_id text,
  person_name text
);
create index report_message_by_report on report_message (report_id, created_order);

-- An answer that every reporter of a claim gets, each on their own link; a job writes them, so that asking for it takes the same time for any number.
create table claim_answer (
  message_id text primary key,
  created_order bigint generated always as identity,
  case_id text not null,
  cluster_id text not null,
  -- The report that was answered at once.
  report_id text not null references report,
  kind text not null check (kind in ('question', 'answer', 'outcome')),
  text text not null,
  person_id text not null,
  person_name text not null,
  at timestamptz not null,
  -- A JSON list of the reports to which it was written at once.
  told jsonb not null,
  -- Receipt number up to which it was written.
  reached bigint not null,
  finished_at timestamptz
);
create index claim_answer_waiting on claim_answer (created_order) where finished_at is null;

create table evidence (
  evidence_id text primary key,
  created_order bigint generated always as identity,
  case_id text,
  kind text not null,
  level text not null,
  -- What makes it one artefact: a canonical address, or a hash of bytes. Unique within a case.
  artefact text not null,
  title text not null,
  -- The address, redacted for display; null for what has none.
  url text,
  blob_id text,
  sha256 text,
  media_type text,
  bytes bigint,
  event_at timestamptz,
  -- A person put it right: reports change it no more.
  event_fixed boolean not null,
  first_seen_at timestamptz not null,
  added_by text,
  added_name text,
  -- Text first, media closed: whether opening it needs a reveal.
  sensitive boolean not null,
  capture_state text not null,
  hold_until timestamptz,
  delete_after timestamptz,
  note text,
  confirmed_by_note text
);
create index evidence_by_case on evidence (case_id, created_order);
create unique index evidence_artefact on evidence (case_id, artefact) where case_id is not null;
create index evidence_by_artefact on evidence (artefact);
create index evidence_due on evidence (delete_after) where delete_after is not null;

-- Addresses, by their hash, that were reported as child abuse and that a lead says were checked: they are not. Captures of them go on.
create table checked_address (
  artefact text primary key,
  at timestamptz not null,
  person_id text not null,
  person_name text not null
);

-- Which reports brought an artefact: what K and W are counted from.
create table evidence_source (
  evidence_id text not null references evidence,
  report_id text not null references report,
  primary key (evidence_id, report_id)
);
create index evidence_source_by_report on evidence_source (report_id);

create table capture (
  capture_id text primary key,
  created_order bigint generated always as identity,
  evidence_id text not null references evidence,
  -- The address to fetch, as it was given; null once it was shredded.
  url text,
  -- Whose machines it asks: the registrable domain, or the host where there is none. No more than some a minute are asked.
  host text,
  -- When it was begun last: whose turn it is goes by case.
  started_at timestamptz,
  state text not null,
  urgent boolean not null,
  asked_at timestamptz not null,
  due_at timestamptz not null,
  attempts integer not null,
  next_at timestamptz not null,
  claimed_by text,
  claimed_until timestamptz,
  finished_at timestamptz,
  finding text,
  wacz_blob_id text,
  wacz_sha256 text,
  screenshot_blob_id text,
  text_blob_id text,
  timestamp_blob_id text,
  timestamped_at timestamptz,
  -- SHA-256 of the body as it came: whether two captures saw the same.
  body_sha256 text,
  http_status integer,
  address text
);
create index capture_waiting on capture (urgent desc, next_at) where state in ('waiting', 'running');
create index capture_started on capture (started_at) where started_at is not null;
create index capture_by_evidence on capture (evidence_id, created_order);

-- Chain of custody: nothing updates or deletes a row; each line carries the hash of the one before for its evidence.
create table custody (
  custody_id text primary key,
  created_order bigint generated always as identity,
  evidence_id text not null references evidence,
  at timestamptz not null,
  person_id text,
  person_name text,
  act text not null check (act in ('create', 'capture', 'timestamp', 'view', 'reveal', 'export', 'transfer', 'hold', 'release', 'shred', 'relabel')),
  why text not null,
  sha256 text,
  -- SHA-256 of this line and of the hash before it (core/desk/custody.ts).
  line_hash text not null
);
create index custody_by_evidence on custody (evidence_id, created_order);

-- Reports that say the same thing. Recomputable from the reports; never authoritative. `parent` joins clusters that turned out to be one.
create table cluster (
  cluster_id text primary key,
  created_order bigint generated always as identity,
  parent text,
  method text not null,
  case_id text,
  n integer not null,
  k integer not null,
  w integer not null,
  created_at timestamptz not null,
  -- Joined to its parent while some of its reports still carry this id.
  relabel boolean not null default false
);
create index cluster_by_case on cluster (case_id) where case_id is not null;
create index cluster_relabel on cluster (cluster_id) where relabel;
-- LSH buckets and the other keys under which two reports meet.
create table cluster_key (
  key text primary key,
  -- No foreign key: clusters are never deleted, and the check cost as much as the insert.
  cluster_id text not null
);
-- What K and W of a cluster are counted from: its distinct artefacts and first-hand witnesses (core/desk/volume.ts).
create table cluster_part (
  cluster_id text not null references cluster,
  part text not null,
  primary key (cluster_id, part)
);

create table case_counter (
  year integer primary key,
  last integer not null
);

create table desk_case (
  case_id text primary key,
  created_order bigint generated always as identity,
  number text not null unique,
  state text not null,
  lane text not null,
  -- 0 life-threat, 1 serious, 2 routine: what the queue is ordered by, before `due_at`.
  lane_rank integer not null,
  lane_reason text,
  class text not null,
  site_id text,
  account_id text,
  site_name text not null,
  hostname text,
  title text not null,
  opened_at timestamptz not null,
  -- The next thing due, as core/desk/clocks.ts computes it; null when nothing is.
  due_at timestamptz,
  due_what text,
  -- The `due_at` that an alarm was raised for: once for each.
  overdue_for timestamptz,
  first_eyes_at timestamptz,
  grade text,
  -- When the grade was locked: from then on volume may be seen.
  grade_locked_at timestamptz,
  emergency_since timestamptz,
  -- When a report in the fast lane woke people last, or will.
  fast_lane_at timestamptz,
  -- From when its clocks run: its opening, or the moment in which it was taken up again.
  clock_since timestamptz not null,
  claimed_by text,
  claimed_name text,
  claimed_until timestamptz,
  lead_id text,
  lead_name text,
  -- Newest criteria when it was opened.
  policy_version_id text,
  law_enforcement_at timestamptz,
  merged_into text,
  recheck_at timestamptz,
  ended_at timestamptz,
  closed_at timestamptz,
  search tsvector
);
-- The queue, open cases before closed ones. `infinity`: nothing is due, and a page can go on after it.
create index desk_case_queue on desk_case ((closed_at is not null), lane_rank, (coalesce(due_at, timestamptz 'infinity')), created_order);
create index desk_case_by_holder on desk_case (claimed_by) where claimed_by is not null;
create index desk_case_by_lead on desk_case (lead_id) where lead_id is not null;
create index desk_case_by_state on desk_case (state, (closed_at is not null), lane_rank, (coalesce(due_at, timestamptz 'infinity')), created_order);
create index desk_case_by_hostname on desk_case (hostname) where hostname is not null;
create index desk_case_by_site on desk_case (site_id, created_order) where site_id is not null;
create index desk_case_by_account on desk_case (account_id, created_order) where account_id is not null;
create index desk_case_by_creation on desk_case (created_order);
create index desk_case_search on desk_case using gin (search);

-- The words of a case's reports, each once, however many wrote it: what the search looks in beside the case's own words.
create table case_search (
  case_id text primary key references desk_case,
  search tsvector not null
);
create index case_search_words on case_search using gin (search);

create table case_note (
  message_id text primary key,
  created_order bigint generated always as identity,
  case_id text not null references desk_case,
  at timestamptz not null,
  person_id text,
  person_name text,
  text text not null
);
create index case_note_by_case on case_note (case_id, created_order);

create table case_link (
  case_id text not null references desk_case,
  other_id text not null references desk_case,
  why text not null,
  at timestamptz not null,
  primary key (case_id, other_id)
);

-- A person in danger. Everything that names them is sealed; the desk reads the label.
create table target (
  target_id text primary key,
  created_order bigint generated always as identity,
  case_id text not null references desk_case,
  label text not null,
  sealed_id text not null references sealed_record,
  -- Keyed hashes of the names and addresses in the seal, so that redaction finds them in texts. Not readable back.
  created_at timestamptz not null,
  unique (case_id, label)
);

create table incident (
  incident_id text primary key,
  created_order bigint generated always as identity,
  case_id text not null references desk_case,
  site_id text,
  -- When it happened. Never when it was reported.
  event_at timestamptz not null,
  event_at_source text not null check (event_at_source in ('stated', 'first-seen')),
  first_seen_at timestamptz not null,
  target_id text references target,
  title text not null,
  offline_act boolean not null,
  verified_by text,
  verified_name text,
  verified_at timestamptz,
  -- What makes it independent of other incidents: the artefact it rests on first.
  independent_key text not null,
  grade text,
  grade_locked_at timestamptz,
  retracted_at timestamptz,
  retracted_why text
);
create index incident_by_case on incident (case_id, event_at);
create index incident_by_site on incident (site_id, event_at) where site_id is not null;

create table incident_evidence (
  incident_id text not null references incident,
  evidence_id text not null references evidence,
  primary key (incident_id, evidence_id)
);

create table assessment (
  assessment_id text primary key,
  created_order bigint generated always as identity,
  incident_id text not null references incident,
  case_id text not null references desk_case,
  -- `first`, `second` (blind), `lead` (settles).
  seat text not null check (seat in ('first', 'second', 'lead')),
  axes jsonb not null,
  indicators jsonb not null,
  suggested text not null,
  rules_version text not null,
  assigned text not null,
  differs_reason text,
  assessor_id text not null,
  assessor_name text not null,
  -- The case's volume was open to its assessor: its grade had been locked before.
  volume_open boolean not null,
  created_at timestamptz not null,
  unique (incident_id, seat)
);
create index assessment_by_case on assessment (case_id, created_order);

-- An alarm of the escalation monitor: the explanation is canonical JSON that replays byte for byte.
create table escalation (
  alarm_id text primary key,
  created_order bigint generated always as identity,
  case_id text not null references desk_case,
  incident_id text not null references incident,
  at timestamptz not null,
  explanation text not null,
  explanation_sha256 text not null
);
create index escalation_by_case on escalation (case_id, created_order);

create table task (
  task_id text primary key,
  created_order bigint generated always as identity,
  case_id text not null references desk_case,
  kind text not null,
  subject text,
  state text not null check (state in ('open', 'done', 'not-possible')),
  created_at timestamptz not null,
  due_at timestamptz,
  -- Keeps the case open while it is open.
  holds boolean not null,
  done_at timestamptz,
  done_by text,
  done_name text,
  -- How it was acknowledged, or why it is not possible.
  record text
);
create index task_by_case on task (case_id, created_order);
create index task_open on task (due_at) where state = 'open';

-- The criteria, committed before they are used.
create table policy_version (
  policy_version_id text primary key,
  created_order bigint generated always as identity,
  title text not null,
  text text not null,
  sha256 text not null unique,
  published_at timestamptz not null,
  published_by text,
  published_name text
);

create table desk_decision (
  decision_id text primary key,
  created_order bigint generated always as identity,
  case_id text not null references desk_case,
  kind text not null,
  state text not null,
  -- Limb by limb: met with evidence, or not met with a sentence.
  limbs jsonb not null,
  step text,
  -- Why each narrower step would not do.
  why_not_below jsonb not null,
  -- The order it asks for, as contract/routes/orders.ts has it; null when nothing reaches the edges.
  order_draft jsonb,
  order_id text unique references shield_order,
  -- The public number: the order's, or one of its own.
  number text,
  public_reason text not null,
  internal_reason text not null,
  policy_version_id text references policy_version,
  -- The criteria were published after the case was opened: said publicly.
  criteria_after_case boolean not null,
  evidence jsonb not null,
  -- N/M/K/W when it was confirmed.
  counts jsonb,
  provisional boolean not null,
  -- The earlier provisional decision that this one, by a second panel, makes lasting.
  confirms_decision_id text,
  recheck_at timestamptz,
  owner_notice_delay_reason text,
  deadline timestamptz,
  named_urls jsonb not null,
  proposer_id text not null,
  proposer_name text not null,
  proposed_at timestamptz not null,
  confirmer_id text,
  confirmer_name text,
  confirmed_at timestamptz,
  break_glass_reason text,
  lapses_at timestamptz,
  -- The earlier decision that a modify or reverse ends.
  reverses_decision_id text,
  -- Whether its confirmation counts as a strike against the account.
  strike boolean not null default false,
  -- When the owner got the statement of reasons; null while it is held back for a logged reason.
  owner_told_at timestamptz,
  -- When people were told that a provisional decision is about to lapse.
  lapse_warned_at timestamptz,
  check (confirmer_id is null or confirmer_id <> proposer_id)
);
create index desk_decision_by_case on desk_decision (case_id, created_order);
create index desk_decision_open on desk_decision (lapses_at) where state in ('proposed', 'alone');
create index desk_decision_by_number on desk_decision (number) where number is not null;
create index desk_decision_owner_untold on desk_decision (confirmed_at) where owner_notice_delay_reason is not null and owner_told_at is null;

create table appeal (
  appeal_id text primary key,
  created_order bigint generated always as identity,
  case_id text not null references desk_case,
  decision_id text not null references desk_decision,
  by text not null,
  state text not null,
  text text not null,
  opened_at timestamptz not null,
  due_at timestamptz not null,
  taken_by text,
  taken_name text,
  decided_at timestamptz,
  decider_id text,
  decider_name text,
  reasons text,
  status_hash text not null unique,
  -- Of a reporters' appeal: the report whose words `text` is.
  report_id text,
  -- Of an answered one of reporters: up to whom of them it was told, and when all were.
  told_to bigint not null default 0,
  told_at timestamptz
);
create index appeal_by_case on appeal (case_id, created_order);
create index appeal_open on appeal (due_at) where state in ('open', 'taken');
-- A flood of appeals is one appeal of each side: owner, reporters, target.
create unique index appeal_one_open on appeal (decision_id, by) where state in ('open', 'taken');
create index appeal_untold on appeal (decided_at) where by = 'reporter' and decided_at is not null and told_at is null;

-- What reporters say in their appeal, the same words once. `n` numbers different words, so that no page and no cursor tells how many said the same.
create table appeal_words (
  appeal_id text not null references appeal,
  n integer not null,
  -- SHA-256 of the words as `plainText` has them (core/desk/text.ts).
  sha256 text not null,
  -- Without what names the reporter who said them first.
  text text not null,
  at timestamptz not null,
  primary key (appeal_id, n),
  unique (appeal_id, sha256)
);
-- The reporters of an appeal: who opened it and who joined it later. Each is told the answer behind their own link.
create table appeal_joiner (
  appeal_id text not null,
  joined_order bigint generated always as identity,
  -- Null when the desk entered it for a reporter whom no link reaches.
  report_id text references report,
  n integer not null,
  at timestamptz not null,
  primary key (appeal_id, joined_order),
  unique (appeal_id, report_id),
  foreign key (appeal_id, n) references appeal_words
);
create index appeal_joiner_by_report on appeal_joiner (report_id) where report_id is not null;
create index appeal_joiner_by_words on appeal_joiner (appeal_id, n);

create table strike (
  strike_id text primary key,
  account_id text not null,
  case_id text not null references desk_case,
  decision_id text not null references desk_decision,
  at timestamptz not null,
  expires_at timestamptz not null,
  reason text not null,
  cancelled_at timestamptz
);
create index strike_by_account on strike (account_id, at);

create table after_review (
  review_id text primary key,
  case_id text not null references desk_case,
  after_days integer not null check (after_days in (7, 30, 90)),
  at timestamptz not null,
  person_id text not null,
  person_name text not null,
  harm_fell text not null,
  displaced text not null,
  copycats text not null,
  text text not null,
  unique (case_id, after_days)
);

-- What the owner of a site is told: statement of reasons, named addresses, deadline; answered in the console or by signed link.
create table owner_notice (
  notice_id text primary key,
  created_order bigint generated always as identity,
  account_id text not null,
  site_id text,
  case_id text not null references desk_case,
  decision_id text references desk_decision,
  kind text not null check (kind in ('statement', 'question', 'deadline', 'ended', 'appeal-outcome')),
  subject text not null,
  text text not null,
  named_urls jsonb not null,
  deadline timestamptz,
  at timestamptz not null,
  link_hash text not null unique,
  read_at timestamptz
);
create index owner_notice_by_account on owner_notice (account_id, created_order);
create index owner_notice_by_case on owner_notice (case_id, created_order);
-- Where an account wants its notices sent, encrypted with the installation's seal key. Nobody has shown that it is theirs: the mail holds a link and no reasons.
create table account_contact (
  account_id text primary key references account,
  address bytea not null,
  address_hint text not null,
  set_at timestamptz not null,
  set_by text not null
);
create table owner_reply (
  message_id text primary key,
  created_order bigint generated always as identity,
  notice_id text not null references owner_notice,
  at timestamptz not null,
  text text not null,
  person_id text,
  person_name text
);
create index owner_reply_by_notice on owner_reply (notice_id, created_order);

create table pressure (
  pressure_id text primary key,
  created_order bigint generated always as identity,
  site_id text,
  case_id text,
  kind text not null,
  at timestamptz not null,
  description text not null,
  count integer,
  source text,
  person_id text not null,
  person_name text not null
);
create index pressure_by_case on pressure (case_id, created_order) where case_id is not null;
create index pressure_by_site on pressure (site_id, created_order) where site_id is not null;

create table authority_request (
  authority_id text primary key,
  created_order bigint generated always as identity,
  kind text not null,
  state text not null,
  agency text not null,
  law text,
  reference text,
  urls jsonb not null,
  text text not null,
  case_id text,
  received_at timestamptz not null,
  channel text not null,
  contact_sealed_id text,
  mail_proof jsonb not null,
  -- The number that was found independently and called back: who, when, what was said.
  call_back jsonb,
  second_id text,
  second_name text,
  answered_at timestamptz,
  answer text,
  preserve_until timestamptz,
  blob_id text
);
create index authority_request_open on authority_request (received_at) where state in ('incomplete', 'call-back-due', 'complete');

-- Who looked at what and for how long: for their own protection, and for caps.
create table exposure (
  exposure_id text primary key,
  person_id text not null,
  evidence_id text not null references evidence,
  case_id text,
  at timestamptz not null,
  seconds integer not null,
  mode text not null,
  grade text
);
create index exposure_by_person on exposure (person_id, at);
create table wellness (
  person_id text primary key,
  daily_cap_minutes integer not null,
  opted_out jsonb not null,
  blur boolean not null,
  greyscale boolean not null,
  mute boolean not null
);

create table on_call (
  person_id text not null,
  person_name text not null,
  channel text not null check (channel in ('mail', 'webhook', 'push')),
  -- A mailbox or URL, encrypted with the installation's seal key.
  address bytea not null,
  address_hint text not null,
  position integer not null,
  active boolean not null,
  created_at timestamptz not null,
  primary key (person_id, channel)
);

-- What leaves the house: mails, webhooks, pushes. Written in the transaction of the act that caused it; a job sends it.
create table outbox (
  page_id text primary key,
  created_order bigint generated always as identity,
  -- The same dedupe key is never sent twice.
  dedupe text not null unique,
  channel text not null check (channel in ('mail', 'webhook', 'push')),
  -- An address sealed in a file, or encrypted with the installation's key.
  to_sealed_id text,
  to_address bytea,
  subject text not null,
  -- Encrypted with the installation's key, because a private link may stand in it; null once it was sent or given up.
  body bytea,
  headers jsonb not null,
  urgent boolean not null,
  case_id text,
  -- Whom a page wakes; null for all other messages.
  person_id text,
  -- What a page is about, the same for everybody who is woken: it is said again until one of them acknowledges. Null: said once.
  wake text,
  round integer not null,
  created_at timestamptz not null,
  attempts integer not null,
  next_at timestamptz not null,
  sent_at timestamptz,
  failed_at timestamptz,
  last_error text,
  -- For pages: who said that they have it.
  acknowledged_by text,
  acknowledged_name text,
  acknowledged_at timestamptz,
  check ((to_sealed_id is null) <> (to_address is null))
);
create index outbox_waiting on outbox (urgent desc, next_at) where sent_at is null and failed_at is null;
create index outbox_pages on outbox (created_order) where person_id is not null;
create index outbox_unanswered on outbox (wake) where wake is not null and acknowledged_at is null;
create index outbox_by_case on outbox (case_id, created_order) where case_id is not null;

-- Cases of the fast lane that came within a minute of the last page, or that woke people a moment ago: the next page after `at` says how many they are.
create table wake_waiting (
  case_id text primary key,
  at timestamptz not null
);

alter table alarm add column case_id text;
-- Every report in the fast lane asks whether its case was told of.
create index alarm_by_case on alarm (case_id, kind) where case_id is not null;
