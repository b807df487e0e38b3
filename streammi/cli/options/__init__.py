"""The command line's options, each declared once: a file for what they are about; read by several commands."""

from streammi.cli.options.channels import ChannelOptions as ChannelOptions
from streammi.cli.options.computed import PairOptions as PairOptions
from streammi.cli.options.data_file import (
    ColumnOfX as ColumnOfX,
    ColumnOfY as ColumnOfY,
    FileReadOptions as FileReadOptions,
    RecordedFile as RecordedFile,
    RecordedOrRunning as RecordedOrRunning,
    TimeColumn as TimeColumn,
)
from streammi.cli.options.feed import (
    FeedOptions as FeedOptions,
    JoinOptions as JoinOptions,
    OptionalEndpoint as OptionalEndpoint,
)
from streammi.cli.options.keyed import KeyedOptions as KeyedOptions
from streammi.cli.options.keys import (
    BindKeyOptions as BindKeyOptions,
    ConnectKeyOptions as ConnectKeyOptions,
    KeyOptions as KeyOptions,
)
from streammi.cli.options.listening import (
    ListenSeconds as ListenSeconds,
    OnlyTopic as OnlyTopic,
    PullFeed as PullFeed,
)
from streammi.cli.options.refusals import (
    check_choice as check_choice,
    check_unused as check_unused,
    given_names as given_names,
)
from streammi.cli.options.run import Insecure as Insecure, RunOptions as RunOptions, Seconds as Seconds
from streammi.cli.options.serve import ServeOptions as ServeOptions
from streammi.cli.options.view import Endpoints as Endpoints, ViewOptions as ViewOptions
