// Random options that every rule accepts.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "config/findings.h"
#include "config/layout.h"
#include "tests/config/any_router.h"
#include "tests/config/any_value.h"

namespace sluice::config {

// Walks the layout and draws every field that may stand in such a text.
class Randomiser {
 public:
  Randomiser(policy::Rng& rng, Origin origin) : rng_(rng), origin_(origin) {}

  template <typename Owner>
  void Fields(std::span<const Field<Owner>> rows, Owner& owner, const Owner&) {
    for (const Field<Owner>& row : rows) {
      if (row.log_only && origin_ == Origin::kFile) continue;
      row.at.set(owner, std::visit(Draw{rng_}, row.shape));
    }
  }
  template <typename Body>
  void Table(const config::Table&, Body&& body) {
    body();
  }
  template <typename Owner, typename Body>
  void Tables(const config::Table&, std::size_t, std::vector<Owner>& owners, Body&& body) {
    owners.assign(1 + rng_.Below(4), Owner{});
    for (Owner& owner : owners) body(owner);
  }

 private:
  policy::Rng& rng_;
  Origin origin_;
};

inline Options AnyOptions(policy::Rng& rng, Origin origin) {
  Options options = Defaults();
  Randomiser randomiser(rng, origin);
  Walk(randomiser, options);
  options.data_plane.body_bytes_in_flight_max += options.data_plane.body_bytes_max;
  options.data_plane.body_bytes_in_flight_max =
      std::min<std::size_t>(options.data_plane.body_bytes_in_flight_max, 17179869184);
  options.store.batch_max = std::min(options.store.batch_max, options.store.queue_max);
  options.admin_plane.port = options.data_plane.port ^ 1;
  NameAll(options.routers, "router");
  for (RouterOptions& router : options.routers) Mend(router, rng);
  return options;
}

}  // namespace sluice::config
