// Every option of RocksDB that is set, in one place. Private to rocks_*.cpp.
#pragma once

#include <memory>
#include <vector>

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>

namespace sluice::store {

rocksdb::DBOptions DatabaseOptions(rocksdb::Env* env,
                                   std::shared_ptr<rocksdb::EventListener> listener);

// In the order of kFamilyNames.
std::vector<rocksdb::ColumnFamilyDescriptor> FamilyDescriptors();

}  // namespace sluice::store
