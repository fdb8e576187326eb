import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.configuration.FluentConfiguration;

/** `Peer FOLDER DATABASE [N]`: the first N migrations of a folder (all of them, if no N is given) by Flyway's own API. */
public class Peer {
    public static void main(String[] words) {
        FluentConfiguration configuration =
            Flyway.configure().dataSource("jdbc:sqlite:" + words[1], null, null).locations("filesystem:" + words[0]);
        if (words.length > 2) {
            MigrationInfo[] all = configuration.load().info().all();
            configuration.target(all[Integer.parseInt(words[2]) - 1].getVersion());
        }
        configuration.load().migrate();
    }
}
