// Which settings differ and wait for a restart, told from the table of fields.
#include "config/field.h"

namespace sluice::config {

namespace {

template <typename Owner>
void Compare(const std::string& table, std::span<const Field<Owner>> rows,
             const std::pair<const Owner&, const Owner&>& owners,
             std::vector<std::string>& different) {
  for (const Field<Owner>& row : rows) {
    if (row.effect != Effect::kRestart) continue;
    if (row.at.get(owners.first) == row.at.get(owners.second)) continue;
    different.push_back(table + std::string(row.key));
  }
}

}  // namespace

std::vector<std::string> RestartDifferences(const Options& now, const Options& wanted) {
  std::vector<std::string> different;
  Compare<Options>("", TopFields(), {now, wanted}, different);
  Compare<api::ServerOptions>("data_plane.", DataPlaneFields(), {now.data_plane, wanted.data_plane},
                              different);
  Compare<api::ServerOptions>("admin_plane.", AdminPlaneFields(),
                              {now.admin_plane, wanted.admin_plane}, different);
  Compare<store::StoreOptions>("store.", StoreFields(), {now.store, wanted.store}, different);
  Compare<LearnerOptions>("learner.", LearnerFields(), {now.learner, wanted.learner}, different);
  return different;
}

}  // namespace sluice::config
