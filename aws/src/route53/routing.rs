//! [`Routing`]: how Route 53 chooses among records of one name and type.

use aws_sdk_route53::types as sdk;
use formwork_engine::{Block, Choice};

/// How Route 53 chooses among the records of one name and type, which differ in their set identifiers. All of them choose by the same sort.
#[derive(Block, Clone, PartialEq, Eq)]
#[block(choice = "by", choice_cfn = "MultiValueAnswer")]
pub enum Routing {
    /// There is just this one.
    #[choice("simple")]
    Simple,
    /// By chance, each as often as its weight says.
    #[choice("weight")]
    Weighted {
        /// The share of this one in the sum of all weights, 0 to 255.
        #[arg(cfn = "Weight")]
        weight: i32,
    },
    /// The one whose region answers the asker the fastest.
    #[choice("latency")]
    Latency {
        /// The region where what it leads to stands, such as `eu-west-1`.
        #[arg(cfn = "Region")]
        region: String,
    },
    /// The first one while it is healthy, then the second one.
    #[choice("failover")]
    Failover {
        /// Which of the two this is.
        #[arg(cfn = "Failover")]
        role: Failover,
    },
    /// By where the asker is; the smallest place that fits counts.
    #[choice("geolocation")]
    Geolocation {
        /// Who gets this one.
        #[arg(cfn = "GeoLocation")]
        location: GeoLocation,
    },
    /// The nearest one.
    #[choice("geoproximity")]
    Geoproximity {
        /// Where what it leads to stands.
        #[arg(cfn = "GeoProximityLocation")]
        nearness: Nearness,
    },
    /// Up to eight healthy ones, chosen by chance.
    #[choice("multivalue")]
    Multivalue,
    /// By the address of the asker.
    #[choice("cidr")]
    Cidr {
        /// The id of the collection of address ranges.
        #[arg(cfn = "CidrRoutingConfig.CollectionId")]
        collection: String,
        /// The name of the location in it that gets this one; `*` for all others.
        #[arg(cfn = "CidrRoutingConfig.LocationName")]
        cidr_location: String,
    },
}

/// Which record of a failover pair it is.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failover {
    /// The one that is answered while it is healthy.
    #[choice("PRIMARY")]
    Primary,
    /// The one that is answered otherwise.
    #[choice("SECONDARY")]
    Secondary,
}

/// Where askers are.
#[derive(Block, Clone, PartialEq, Eq)]
#[block(choice = "where", choice_cfn = "", cfn = "GeoLocation")]
pub enum GeoLocation {
    /// On a continent.
    #[choice("continent")]
    Continent {
        /// `AF`, `AN`, `AS`, `EU`, `OC`, `NA` or `SA`.
        #[arg(cfn = "ContinentCode")]
        continent: String,
    },
    /// In a country.
    #[choice("country")]
    Country {
        /// Its two letters after ISO 3166, such as `DE`.
        #[arg(cfn = "CountryCode")]
        country: String,
    },
    /// In a part of a country: a state of the US, a region of Ukraine.
    #[choice("subdivision")]
    Subdivision {
        /// Its two letters after ISO 3166.
        #[arg(cfn = "CountryCode")]
        country: String,
        /// The part, such as `CA`.
        #[arg(cfn = "SubdivisionCode")]
        subdivision: String,
    },
    /// Anywhere else, or nobody knows where.
    #[choice("elsewhere")]
    Elsewhere,
}

/// Where what a record leads to stands, and how far it draws askers.
#[derive(Block, Clone, PartialEq, Eq)]
#[block(cfn = "GeoProximityLocation")]
pub struct Nearness {
    /// The place.
    #[arg(cfn = "")]
    pub place: Place,
    /// By how much the area that it draws from is larger (up to 99) or smaller (down to -99) than distance alone would make it.
    #[arg(default = 0)]
    pub bias: i32,
}

/// A place that distances are measured from.
#[derive(Block, Clone, PartialEq, Eq)]
#[block(choice = "is", choice_cfn = "", cfn = "GeoProximityLocation")]
pub enum Place {
    /// A region of AWS.
    #[choice("region")]
    Region {
        /// The region, such as `eu-west-1`.
        #[arg(cfn = "AWSRegion")]
        aws_region: String,
    },
    /// A local zone of AWS.
    #[choice("local-zone")]
    LocalZone {
        /// Its group, such as `us-east-1-bue-1`.
        #[arg(cfn = "LocalZoneGroup")]
        local_zone_group: String,
    },
    /// A point on the globe.
    #[choice("point")]
    Point {
        /// Degrees to the north, with at most two decimals, such as `53.35`.
        #[arg(cfn = "Coordinates.Latitude")]
        latitude: String,
        /// Degrees to the east, with at most two decimals, such as `-6.26`.
        #[arg(cfn = "Coordinates.Longitude")]
        longitude: String,
    },
}

impl Routing {
    /// Says it to a record that is sent. `Err`: why AWS would not take it.
    pub(super) fn said_to(
        &self,
        record: sdk::builders::ResourceRecordSetBuilder,
    ) -> Result<sdk::builders::ResourceRecordSetBuilder, String> {
        let told = |error: &dyn std::fmt::Display| error.to_string();
        Ok(match self {
            Routing::Simple => record,
            Routing::Weighted { weight } => record.weight(i64::from(*weight)),
            Routing::Latency { region } => record.region(region.as_str().into()),
            Routing::Failover { role } => record.failover(role.as_str().into()),
            Routing::Geolocation { location } => record.geo_location(location.sent()),
            Routing::Geoproximity { nearness } => {
                record.geo_proximity_location(nearness.sent().map_err(|error| told(&error))?)
            }
            Routing::Multivalue => record.multi_value_answer(true),
            Routing::Cidr { collection, cidr_location } => {
                let cidr = sdk::CidrRoutingConfig::builder().collection_id(collection).location_name(cidr_location);
                record.cidr_routing_config(cidr.build().map_err(|error| told(&error))?)
            }
        })
    }

    /// How a record that was read chooses.
    pub(super) fn of(record: &sdk::ResourceRecordSet) -> Self {
        let whole = |weight: i64| i32::try_from(weight).unwrap_or(i32::MAX);
        None.or_else(|| record.weight.map(|weight| Routing::Weighted { weight: whole(weight) }))
            .or_else(|| record.region.as_ref().map(|it| Routing::Latency { region: it.as_str().to_owned() }))
            .or_else(|| {
                let role = record.failover.as_ref().and_then(|role| Failover::parse(role.as_str()))?;
                Some(Routing::Failover { role })
            })
            .or_else(|| record.geo_location.as_ref().map(|it| Routing::Geolocation { location: GeoLocation::of(it) }))
            .or_else(|| {
                let nearness = Nearness::of(record.geo_proximity_location.as_ref()?)?;
                Some(Routing::Geoproximity { nearness })
            })
            .or_else(|| {
                let cidr = record.cidr_routing_config.as_ref()?;
                let (collection, cidr_location) = (cidr.collection_id.clone(), cidr.location_name.clone());
                Some(Routing::Cidr { collection, cidr_location })
            })
            .or_else(|| record.multi_value_answer.unwrap_or_default().then_some(Routing::Multivalue))
            .unwrap_or(Routing::Simple)
    }
}

impl GeoLocation {
    fn sent(&self) -> sdk::GeoLocation {
        let location = sdk::GeoLocation::builder();
        match self {
            GeoLocation::Continent { continent } => location.continent_code(continent),
            GeoLocation::Country { country } => location.country_code(country),
            GeoLocation::Subdivision { country, subdivision } => {
                location.country_code(country).subdivision_code(subdivision)
            }
            GeoLocation::Elsewhere => location.country_code("*"),
        }
        .build()
    }

    fn of(location: &sdk::GeoLocation) -> Self {
        match (&location.continent_code, &location.country_code, &location.subdivision_code) {
            (Some(continent), ..) => GeoLocation::Continent { continent: continent.clone() },
            (_, Some(country), Some(subdivision)) => {
                GeoLocation::Subdivision { country: country.clone(), subdivision: subdivision.clone() }
            }
            (_, Some(country), None) if country != "*" => GeoLocation::Country { country: country.clone() },
            _ => GeoLocation::Elsewhere,
        }
    }
}

impl Nearness {
    fn sent(&self) -> Result<sdk::GeoProximityLocation, aws_smithy_types::error::operation::BuildError> {
        let location = sdk::GeoProximityLocation::builder().bias(self.bias);
        Ok(match &self.place {
            Place::Region { aws_region } => location.aws_region(aws_region),
            Place::LocalZone { local_zone_group } => location.local_zone_group(local_zone_group),
            Place::Point { latitude, longitude } => {
                location.coordinates(sdk::Coordinates::builder().latitude(latitude).longitude(longitude).build()?)
            }
        }
        .build())
    }

    fn of(location: &sdk::GeoProximityLocation) -> Option<Self> {
        let region = location.aws_region.clone().map(|aws_region| Place::Region { aws_region });
        let zone = location.local_zone_group.clone().map(|local_zone_group| Place::LocalZone { local_zone_group });
        let point = location.coordinates.as_ref().map(|point| {
            let (latitude, longitude) = (point.latitude.clone(), point.longitude.clone());
            Place::Point { latitude, longitude }
        });
        Some(Self { place: region.or(zone).or(point)?, bias: location.bias.unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> sdk::builders::ResourceRecordSetBuilder {
        sdk::ResourceRecordSet::builder().name("a.example.com").r#type(sdk::RrType::A)
    }

    #[test]
    fn every_way_to_choose_is_read_as_it_was_sent() {
        let near = |place| Routing::Geoproximity { nearness: Nearness { place, bias: -7 } };
        let at = |location| Routing::Geolocation { location };
        let text = str::to_owned;
        for routing in [
            Routing::Simple,
            Routing::Weighted { weight: 0 },
            Routing::Latency { region: text("eu-west-1") },
            Routing::Failover { role: Failover::Secondary },
            at(GeoLocation::Continent { continent: text("EU") }),
            at(GeoLocation::Country { country: text("DE") }),
            at(GeoLocation::Subdivision { country: text("US"), subdivision: text("CA") }),
            at(GeoLocation::Elsewhere),
            near(Place::Region { aws_region: text("eu-west-1") }),
            near(Place::LocalZone { local_zone_group: text("us-east-1-bue-1") }),
            near(Place::Point { latitude: text("53.35"), longitude: text("-6.26") }),
            Routing::Multivalue,
            Routing::Cidr { collection: text("c"), cidr_location: text("*") },
        ] {
            let sent = routing.said_to(record()).unwrap().build().unwrap();
            assert_eq!(Routing::of(&sent), routing);
        }
    }
}
