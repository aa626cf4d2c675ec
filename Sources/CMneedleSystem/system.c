#include "CMneedleSystem.h"
