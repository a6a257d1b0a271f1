#include "store/committer.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "store/crc32c.h"

namespace sluice::store {
namespace {

constexpr std::size_t kBatchBytesMax = 4u << 20;
constexpr auto kMarkEvery = std::chrono::seconds(5);

}  // namespace

void FaultBook::Note(const std::string& fault) {
  const std::lock_guard lock(mutex_);
  ++count_;
  last_ = fault;
}

void FaultBook::Explain(const std::string& fault) {
  const std::lock_guard lock(mutex_);
  last_ = fault;
}

std::uint64_t FaultBook::count() const {
  const std::lock_guard lock(mutex_);
  return count_;
}

std::string FaultBook::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

// -- Life ----------------------------------------------------------------------------------------

Committer::Committer(const StoreOptions& options, const RocksTuning& tuning)
    : options_(options),
      tuning_(tuning),
      queue_(options.queue_max),
      slot_(nullptr),
      reopen_wait_(tuning.reopen_wait_min),
      marked_at_(Clock::now()) {}

Result<std::unique_ptr<Committer>> Committer::Start(const StoreOptions& options,
                                                    const RocksTuning& tuning) {
  std::unique_ptr<Committer> committer(new Committer(options, tuning));
  auto db = committer->OpenDb();
  if (!db.ok()) return db.error();
  committer->Install(std::move(*db));
  committer->thread_ = std::thread([raw = committer.get()] { raw->Run(); });
  return committer;
}

Committer::~Committer() {
  queue_.Stop();
  if (thread_.joinable()) thread_.join();
}

Result<std::unique_ptr<RocksDb>> Committer::OpenDb() {
  RocksPlace place;
  place.directory = options_.directory;
  place.file_system = tuning_.file_system;
  place.on_background_fault = [this](const std::string& fault) {
    faults_.Note(fault);
    background_fault_.store(true, std::memory_order_release);
    queue_.Wake();
  };
  background_fault_.store(false, std::memory_order_release);
  // What was once readable may have been folded by someone: a log that comes back shorter would
  // give its positions to other records.
  return RocksDb::Open(place, progress_.last());
}

void Committer::Install(std::unique_ptr<RocksDb> db) {
  const Position log_end = db->log_end();
  log_bytes_.store(db->log_bytes(), std::memory_order_relaxed);
  marked_ = log_end;  // opening has just marked it
  bytes_since_flush_ = 0;
  slot_.Open(std::move(db));
  progress_.Publish(log_end);
}

void Committer::Run() {
  while (!pending_.empty() || !checkpoints_.empty() || saving_ || queue_.Await()) {
    if (pending_.empty()) {
      CommitQueue::Work work = queue_.Take();
      pending_ = std::move(work.jobs);
      std::move(work.checkpoints.begin(), work.checkpoints.end(), std::back_inserter(checkpoints_));
    }
    auto step = Step();
    if (!step.ok() && !Recover(step.error())) break;
  }
  Close();
}

void Committer::Close() {
  const bool sound = slot_.get() != nullptr && !background_fault_.load(std::memory_order_acquire);
  if (sound && slot_.get()->SyncWal().ok()) MarkSynced(true);
  slot_.Close();
}

Result<Done> Committer::Step() {
  if (background_fault_.load(std::memory_order_acquire)) return Error{Code::kIo, faults_.last()};
  if (auto committed = CommitNextBatch(); !committed.ok()) return committed;
  return SaveNextChunk();
}

// -- Records -------------------------------------------------------------------------------------

Result<Done> Committer::CommitNextBatch() {
  if (pending_.empty()) return Done{};
  CommitBatch batch(*slot_.get(), progress_.last(), log_bytes());
  const std::size_t records = FillBatch(batch);
  if (!batch.read_fault().empty()) faults_.Note(batch.read_fault());
  if (auto written = batch.Write(*slot_.get(), options_.sync); !written.ok()) return written;
  log_bytes_.store(batch.log_bytes(), std::memory_order_relaxed);
  bytes_since_flush_ += batch.bytes();
  progress_.Publish(batch.log_end());
  queue_.Release(records);
  Answer();
  if (batch.promised()) {
    reopen_wait_ = tuning_.reopen_wait_min;
    if (options_.sync) MarkSynced(false);
  }
  return FlushWhenDue();
}

// Returns how many records were taken off.
std::size_t Committer::FillBatch(CommitBatch& batch) {
  const std::size_t records_max = std::max<std::size_t>(options_.batch_max, 1);
  std::size_t records = 0;
  while (!pending_.empty() && records < records_max && batch.bytes() < kBatchBytesMax) {
    CommitJob& job = pending_.front();
    if (auto* decision = std::get_if<DecisionRecord>(&job)) {
      batch.AddDecision(std::move(*decision));
      ++records;
    } else if (auto* awaited = std::get_if<AwaitedJob>(&job)) {
      const Position position = batch.AddAwaited(awaited->record);
      answers_.awaited.emplace_back(std::move(*awaited), position);
      ++records;
    } else {
      auto& outcomes = std::get<OutcomesJob>(job);
      records += AddOutcomes(outcomes, batch, records_max - records);
      if (outcomes.results.size() < outcomes.records.size()) break;  // the rest: next batch
      answers_.outcomes.push_back(std::move(outcomes));
    }
    pending_.pop_front();
  }
  return records;
}

std::size_t Committer::AddOutcomes(OutcomesJob& job, CommitBatch& batch, std::size_t room) {
  std::size_t added = 0;
  while (added < room && job.results.size() < job.records.size() &&
         (added == 0 || batch.bytes() < kBatchBytesMax)) {
    job.results.push_back(batch.AddOutcome(std::move(job.records[job.results.size()])));
    ++added;
  }
  return added;
}

void Committer::Answer() {
  Answers answers = std::exchange(answers_, Answers());
  for (OutcomesJob& job : answers.outcomes) job.done(std::move(job.results));
  for (auto& [job, position] : answers.awaited) job.done.set_value(position);
}

// A power cut may tear the write-ahead log that is written to, at its end. It must never tear one
// that has a successor, or the log would have a hole. RocksDB starts a new one when it flushes, so
// the committer is who decides when: right after a sync, with no write in between.
Result<Done> Committer::FlushWhenDue() {
  if (bytes_since_flush_ < tuning_.flush_bytes) return Done{};
  if (auto synced = slot_.get()->SyncWal(); !synced.ok()) return synced;
  bytes_since_flush_ = 0;
  return slot_.get()->StartFlush();
}

// The mark only has to be true, not fresh: one that cannot be written now is written later.
void Committer::MarkSynced(bool at_once) {
  const Clock::time_point now = Clock::now();
  if (progress_.last() == marked_ || (!at_once && now - marked_at_ < kMarkEvery)) return;
  marked_at_ = now;
  if (slot_.get()->WriteMark(progress_.last()).ok()) marked_ = progress_.last();
}

// -- Checkpoints ---------------------------------------------------------------------------------

// One chunk at a time, so that those who wait for their outcomes are served in between.
Result<Done> Committer::SaveNextChunk() {
  RocksDb& db = *slot_.get();
  if (!saving_) {
    if (checkpoints_.empty()) return Done{};
    saving_.emplace();
    saving_->job = std::move(checkpoints_.front());
    checkpoints_.pop_front();
    saving_->serial = db.NewCheckpointSerial();
  }
  const std::string_view bytes = saving_->job.checkpoint->bytes;
  CheckpointHead& head = saving_->head;
  if (head.bytes < bytes.size()) {
    const std::string_view chunk = bytes.substr(head.bytes, tuning_.checkpoint_chunk_bytes);
    if (auto done = db.WriteChunk(saving_->serial, head.chunks, chunk); !done.ok()) return done;
    head.checksum = Crc32c(chunk, head.checksum);
    head.bytes += chunk.size();
    ++head.chunks;
    bytes_since_flush_ += chunk.size();
    return FlushWhenDue();
  }
  head.position = saving_->job.checkpoint->position;
  head.log_end = progress_.last();
  if (auto done = db.WriteHead(saving_->serial, head, options_.sync); !done.ok()) return done;
  saving_->job.done.set_value(Done{});
  saving_.reset();
  if (options_.sync) MarkSynced(true);
  return Done{};
}

// -- Faults --------------------------------------------------------------------------------------

bool Committer::Recover(const Error& fault) {
  // RocksDB's own report of the same fault may have been noted already; the write's says more.
  if (!background_fault_.exchange(true, std::memory_order_acq_rel)) faults_.Note(fault.message);
  queue_.Accept(false);
  FailEverything(fault);
  return Reopen();
}

void Committer::FailEverything(const Error& fault) {
  CommitQueue::Work work = queue_.Take();
  std::move(work.jobs.begin(), work.jobs.end(), std::back_inserter(pending_));
  std::move(work.checkpoints.begin(), work.checkpoints.end(), std::back_inserter(checkpoints_));

  Answers answers = std::exchange(answers_, Answers());
  for (CommitJob& job : std::exchange(pending_, {})) {
    if (auto* outcomes = std::get_if<OutcomesJob>(&job)) {
      answers.outcomes.push_back(std::move(*outcomes));
    } else if (auto* awaited = std::get_if<AwaitedJob>(&job)) {
      answers.awaited.emplace_back(std::move(*awaited), 0);
    }
  }
  queue_.Release(queue_.unwritten());
  for (OutcomesJob& job : answers.outcomes) {
    job.done(std::vector<Appended>(job.records.size(), Appended::kFailed));
  }
  for (auto& [job, position] : answers.awaited) job.done.set_value(fault);
  if (saving_) saving_->job.done.set_value(fault);
  saving_.reset();
  for (CheckpointJob& job : std::exchange(checkpoints_, {})) job.done.set_value(fault);
}

bool Committer::Reopen() {
  slot_.Close();
  while (!queue_.StoppingWithin(reopen_wait_)) {
    reopen_wait_ = std::min(2 * reopen_wait_, tuning_.reopen_wait_max);
    auto db = OpenDb();
    if (db.ok()) {
      Install(std::move(*db));
      queue_.Accept(true);
      return true;
    }
    faults_.Explain(db.error().message);
  }
  return false;
}

}  // namespace sluice::store
