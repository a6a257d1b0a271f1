#include "policy/betting.h"

#include <algorithm>
#include <cmath>

#include "policy/bytes.h"

namespace sluice::policy {

BettingProcess::BettingProcess() = default;

void BettingProcess::Fold(std::uint64_t session, double increment) {
  // NaN compares false.
  const double bounded = increment >= -1 && std::isfinite(increment) ? increment : -1;
  if (session == 0) {
    return Multiply(0, bounded);
  }
  const auto [entry, is_new] = sessions_.try_emplace(session);
  if (is_new) {
    order_.push_back(session);
  }
  Session& known = entry->second;
  known.weight /= 2;
  const double before = known.sum;
  known.sum += known.weight * bounded;
  Multiply(before, known.sum);
  if (order_.size() > kBettingSessionsMax) {
    sessions_.erase(order_.front());
    order_.pop_front();
  }
}

// What was bet on `before` is bet on `after` instead. The winnings of a session that is not over
// are a factor 1 + share * sum; given the past, a further turn multiplies their expectation by at
// most 1 while the null holds, whatever other sessions do meanwhile.
void BettingProcess::Multiply(double before, double after) {
  double share = 1;
  for (double& log_wealth : log_wealth_) {
    share /= 2;
    log_wealth += std::log1p(share * after) - std::log1p(share * before);
  }
  const double most = *std::max_element(log_wealth_.begin(), log_wealth_.end());
  double sum = 0;
  for (const double log_wealth : log_wealth_) {
    sum += std::exp(log_wealth - most);
  }
  log_e_ = most + std::log(sum / static_cast<double>(kBets));
}

void BettingProcess::Serialise(std::string& out) const {
  AppendDoubles(out, log_wealth_);
  AppendValue(out, log_e_);
  AppendValue(out, static_cast<std::uint32_t>(order_.size()));
  for (const std::uint64_t key : order_) {
    const Session& session = sessions_.at(key);
    AppendValue(out, key);
    AppendValue(out, session.sum);
    AppendValue(out, session.weight);
  }
}

std::optional<BettingProcess> BettingProcess::Restore(std::string_view& in) {
  BettingProcess process;
  std::uint32_t sessions = 0;
  if (!TakeDoubles(in, process.log_wealth_) || !TakeValue(in, process.log_e_) ||
      !TakeValue(in, sessions) || sessions > kBettingSessionsMax) {
    return std::nullopt;
  }
  for (std::uint32_t i = 0; i < sessions; ++i) {
    std::uint64_t key = 0;
    Session session;
    if (!TakeValue(in, key) || !TakeValue(in, session.sum) || !TakeValue(in, session.weight) ||
        !process.sessions_.emplace(key, session).second) {
      return std::nullopt;
    }
    process.order_.push_back(key);
  }
  return process;
}

}  // namespace sluice::policy
